from datetime import datetime, timedelta
from pathlib import Path

from freezegun import freeze_time

from odoo.tests import TransactionCase, tagged

from ..common import DRAW_AT, SrspCase

LOCK = "srsp_supervision.ir_cron_lock_roster"
DRAW = "srsp_supervision.ir_cron_draw"
IMPORT = "srsp_supervision.ir_cron_registry_import"


@tagged("post_install", "-at_install")
class TestWaking(SrspCase):
    def _count(self, name):
        cron = self.env.ref(name)
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    def _wake(self, name, at=None):
        """Return how many rows one more call adds."""
        before = self._count(name)
        self.env["ir.cron"]._srsp_wake(name, at)
        return self._count(name) - before

    def test_a_moment_to_come_has_one_row(self):
        at = datetime(2126, 3, 4, 5, 6)
        moments = [at, at, at + timedelta(seconds=20), at]
        self.assertEqual([self._wake(DRAW, one) for one in moments], [1, 0, 1, 0])
        self.assertEqual(self._wake(LOCK, at), 1)

    def test_a_transaction_wakes_an_action_once_unless_it_was_taken_back(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.assertEqual(self._wake(IMPORT), 1)
            raise ZeroDivisionError
        self.assertEqual([self._wake(IMPORT) for _again in range(3)], [1, 0, 0])
        self.env.cr.precommit.run()
        self.assertEqual([self._wake(IMPORT) for _again in range(3)], [1, 0, 0])

    def test_announcing_again_for_the_same_times_adds_no_row(self):
        counts = []
        with freeze_time(DRAW_AT - timedelta(days=3)):
            task = self._make_task(draw_at=DRAW_AT, approval_state="approved")
            for _again in range(3):
                task.action_announce()
                counts.append((self._count(LOCK), self._count(DRAW)))
                task._withdraw("Another venue")
        self.assertEqual(counts, counts[:1] * 3)


@tagged("post_install", "-at_install")
class TestOrder(TransactionCase):
    def test_the_lock_and_the_draw_come_before_every_other_action(self):
        ours = self.env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "=like", "srsp_%")]
        )
        first = self.env.ref(LOCK) | self.env.ref(DRAW)
        others = self.env["ir.cron"].browse(ours.mapped("res_id")) - first
        self.assertTrue(others)
        self.assertLess(max(first.mapped("priority")), min(others.mapped("priority")))

    def test_the_shipped_configuration_has_a_thread_for_a_draw_beside_long_work(self):
        path = Path(__file__).parents[4] / "odoo.conf"
        [line] = [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("max_cron_threads")
        ]
        self.assertGreaterEqual(int(line.rpartition("=")[2]), 4)
