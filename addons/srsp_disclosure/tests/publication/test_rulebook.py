import datetime

from freezegun import freeze_time

from ..common import LOCK, BureauCase

DATE = datetime.date


class TestRulebook(BureauCase):
    @freeze_time("2025-09-01 02:00:00")
    def test_shorter_disclosure_moves_what_a_task_not_yet_locked_will_publish(self):
        """Counted by hand from the State Council's notice: eight days off in October, two made up."""
        self.publish_list(ratio=0.3)
        draw_at = datetime.datetime(2025, 9, 22, 1, 30)
        task = self.make_task(date_to=DATE(2025, 9, 24), draw_at=draw_at, lock_at=False)
        self.make_task(date_to=DATE(2025, 9, 24))._lock_roster(now=LOCK)
        before = self.env["srsp.rulebook"]._get_in_force(self.company)
        draft = self.env["srsp.rulebook"].create(
            {"name": "新细则", "effective_date": "2025-09-10", "disclosure_days": 15}
        )
        self.assertEqual(
            [tuple(effect) for effect in draft._get_effects(before)],
            [
                (
                    "disclosure_days",
                    "Disclosure deadline of a result formed on the last day of the inspection window changes",
                    task.number,
                    "测绘资质巡查",
                    "测管处",
                    "2025-10-28",
                    "2025-10-21",
                )
            ],
        )
