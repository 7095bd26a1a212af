"""The codes of a draw: what code that a system administrator runs inside Odoo gets to know of them."""

import inspect
from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DRAW_AT, NOW, SrspCase

PLANT = """
iteration = record.sudo().iteration_ids or env["srsp.draw.iteration"].sudo().create(
    {"draw_id": record.id, "number": 1, "randomness_hex": "00"})
iteration._run(record.announced_for)
raise UserError(iteration.one_time_code_hex)
"""
ROW = "UPDATE srsp_draw SET announced_for = announced_for - interval '30 days' WHERE id = %s"
EVENT = """
UPDATE srsp_event SET payload = replace(payload, '2026-03-23T01:30:00Z', '2026-02-21T01:30:00Z')
 WHERE res_model = 'srsp.draw' AND res_id = %s
"""


@tagged("post_install", "-at_install")
class TestOneTimeCodes(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draw = cls._make_announced()._lock_roster(NOW)
        cls.codes = cls._get_codes(cls.draw)

    def _run_code(self, code):
        """Run ``code`` as a server action of the system administrator and return what it raises."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Code",
                "model_id": self.env["ir.model"]._get_id("srsp.draw"),
                "state": "code",
                "code": code,
            }
        )
        context = {"active_model": "srsp.draw", "active_id": self.draw.id}
        with (
            mute_logger("odoo.addons.srsp_supervision.models.base.srsp_check_mixin"),
            self.assertRaises(UserError) as caught,
        ):
            action.with_context(**context).run()
        return str(caught.exception)

    def test_a_server_action_gets_no_code_before_the_announced_time(self):
        with freeze_time(DRAW_AT - timedelta(minutes=1)):
            self.assertIn("not due yet", self._run_code(PLANT))

    @freeze_time(NOW)
    def test_an_earlier_time_in_the_database_opens_nothing(self):
        """Neither in the row, nor in the sealed commitment too: the time is part of what the codes grow from."""
        moved, known = [], 'env.cr.execute("""%s""", [record.id])\n'
        for statement in (ROW, EVENT):
            moved.append(known % statement)
            code = "".join(moved) + "record.invalidate_recordset()\n" + PLANT
            with self.subTest(code):
                said = self._run_code(code)
                self.assertRegex(
                    said, "no longer what was sealed|committed with another draw key"
                )
        self.assertIn("another draw key", said)

    @freeze_time(NOW)
    def test_no_method_hands_out_a_code_that_is_not_due(self):
        """Whatever number it is asked for."""
        planted = self.env["srsp.draw.iteration"].create(
            {"draw_id": self.draw.id, "number": 1, "randomness_hex": "00"}
        )
        secrets = self.codes[:-1]
        tried = 0
        for record in (self.draw.sudo(), planted.sudo()):
            for name in self._list_methods(record):
                for arguments in ((), (1,), (2,), (NOW,), ("draw",)):
                    said = self._try(record, name, arguments)
                    tried += 1
                    for secret in secrets:
                        self.assertNotIn(secret, said, f"{record}.{name}{arguments}")
        self.assertGreater(tried, 200)

    def _list_methods(self, record):
        """Names of the methods that this product gives the model of ``record``."""
        return sorted(
            name
            for name, value in inspect.getmembers(type(record), callable)
            if any(
                name in vars(cls) and cls.__module__.startswith("odoo.addons.srsp_")
                for cls in type(record).__mro__
            )
            and not name.startswith("__")
        )

    def _try(self, record, name, arguments):
        """What a call returns or raises, and what it leaves in the iterations, in a transaction that is rolled back."""
        cr = self.env.cr
        cr.execute("SAVEPOINT attempt")
        try:
            with mute_logger("odoo.sql_db", "odoo.addons.srsp_supervision"):
                value = getattr(record, name)(*arguments)
                if inspect.isgenerator(value):
                    value = list(value)
            iterations = record.iteration_ids if self.draw == record else record
            said = f"{value!r} {iterations.read()!r}"
        except Exception as error:  # whatever it may be, it is what the caller sees
            said = repr(error)
        cr.execute("ROLLBACK TO SAVEPOINT attempt")
        self.env.invalidate_all(flush=False)
        return said

    def test_after_the_draw_it_is_the_next_code_alone_and_the_log_keeps_that_it_was_revealed(
        self,
    ):
        self.draw._draw(DRAW_AT)
        self.assertEqual(self.draw.iteration_ids.one_time_code_hex, self.codes[0])
        later = {
            "draw_id": self.draw.id,
            "number": 7,
            "kind": "extension",
            "randomness_hex": "00",
        }
        with (
            self.assertLogs("odoo.addons.srsp_supervision") as log,
            self.assertRaisesRegex(UserError, self.codes[1]),
            self.env.cr.savepoint(),
        ):
            iteration = self.env["srsp.draw.iteration"].create(later)
            iteration._run(DRAW_AT)
            raise UserError(iteration.one_time_code_hex)
        self.assertIn(f"{self.draw.number}: code 2 revealed, uid: 1", log.output[0])
        self.env.invalidate_all()
        with self._refused("only its next code"):
            self.draw.iteration_ids._run(DRAW_AT)
        self.draw._void("Wrong filter")
        with self._refused("only its next code"):
            self.env["srsp.draw.iteration"].create(later)._run(DRAW_AT)
