"""A database in which the methods of an item were a text gets a register of them, and its seals still hold."""

import importlib.util

from odoo.tests import tagged
from odoo.tools import file_path

from .list_case import ListCase

SCRIPT = "srsp_supervision/migrations/19.0.1.1.0/post-methods.py"


@tagged("post_install", "-at_install")
class TestMethodMigration(ListCase):
    def test_texts_become_entries_and_what_was_sealed_keeps_its_words(self):
        item = self.env["srsp.list"]._get_in_force("item", self.company).item_ids[0]
        item.sudo().write({"method_ids": False})
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE srsp_item ADD COLUMN method varchar")
        self.env.cr.execute(
            "UPDATE srsp_item SET method = 'Interview、On-site inspection', frozen_names = '{}' WHERE id = %s",
            [item.id],
        )
        self.env.invalidate_all()
        spec = importlib.util.spec_from_file_location("migration", file_path(SCRIPT))
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.assertEqual(
            set(item.method_ids.mapped("name")), {"Interview", "On-site inspection"}
        )
        self.assertEqual(
            item._get_sealed_row()["method"], "Interview、On-site inspection"
        )
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.assertEqual(len(item.method_ids), 2)
