"""A database in which regions were free text gets a register of them, and loses nothing."""

import importlib.util

from odoo.tests import tagged
from odoo.tools import file_path

from ..common import SrspCase

SCRIPT = "srsp_supervision/migrations/19.0.1.1.0/post-regions.py"
BEFORE = """
CREATE TABLE srsp_inspector_region (id integer, name varchar, company_id integer);
CREATE TABLE srsp_inspector_srsp_inspector_region_rel (srsp_inspector_id integer, srsp_inspector_region_id integer);
INSERT INTO srsp_inspector_region VALUES (1, 'East', %(company)s), (2, 'Nowhere', %(company)s);
INSERT INTO srsp_inspector_srsp_inspector_region_rel VALUES (%(officer)s, 1), (%(officer)s, 2);
UPDATE srsp_target SET region = ' East ' WHERE id = %(first)s;
UPDATE srsp_target SET region = 'West' WHERE id = %(second)s;
UPDATE srsp_entity SET region = 'West' WHERE id = %(entity)s
"""


@tagged("post_install", "-at_install")
class TestRegionMigration(SrspCase):
    def test_texts_and_tags_become_entries_of_the_register(self):
        known = self._make_region("East")
        first, second, third = self.targets[:3]
        officer = self.officers[0]
        tasks = self.env["srsp.task"].union(*(self._make_task() for _ in range(4)))
        self.env.flush_all()
        self.env.cr.execute(
            BEFORE,
            {
                "company": self.company.id,
                "officer": officer.id,
                "first": first.id,
                "second": second.id,
                "entity": third.entity_id.id,
            },
        )
        for task, domain in zip(
            tasks,
            (
                "[('region', '=', 'East'), ('is_key', '=', True)]",
                "['|', ('region', 'not in', ['East']), ('entity_id.region', '=', 'West')]",
                "[('entity_id.region', '!=', False)]",
                "[('region', 'ilike', 'eas')]",
            ),
            strict=True,
        ):
            self.env.cr.execute(
                "UPDATE srsp_task SET target_domain = %s WHERE id = %s",
                [domain, task.id],
            )
        self.env.invalidate_all()
        spec = importlib.util.spec_from_file_location("migration", file_path(SCRIPT))
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        self.assertEqual((first.region_id, first.region), (known, "East"))
        self.assertEqual((second.region_id.code[0], second.region), ("X", "West"))
        self.assertEqual(third.entity_id.region_id, second.region_id)
        self.assertFalse(third.region_id)
        self.assertEqual(set(officer.region_ids.mapped("label")), {"East", "Nowhere"})
        east, west = known.id, second.region_id.id
        self.assertEqual(
            tasks.mapped("target_domain"),
            [
                f"['&', ('region_id', 'in', [{east}]), ('is_key', '=', True)]",
                f"['|', ('region_id', 'not in', [{east}]), ('entity_id.region_id', 'in', [{west}])]",
                "[('entity_id.region_id', 'not in', [False])]",
                f"[('region_id', 'in', [{east}])]",
            ],
        )
