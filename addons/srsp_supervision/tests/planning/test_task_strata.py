"""Ratios of single strata: what can be chosen, and what is refused before the draw is announced."""

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestTaskStrata(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.targets[:10].write(
            {
                "risk_class": "D",
                "is_key": True,
                "key_reason": "Accident",
                "region_id": cls._make_region("East / Old Town").id,
            }
        )
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)

    def _make_own(self, stratify_by, *rows):
        strata = [(0, 0, {"ratio": 0.5, "reason": "Accidents", **row}) for row in rows]
        return self._make_task(
            draw_at=DRAW_AT, stratify_by=stratify_by, stratum_ids=strata
        )

    def test_a_blank_reason_is_none(self):
        for blank in (" ", "\n\t", "\u3000"):
            with self._refused(
                "enter the reason for its separate ratio; the reason will be published",
                ValidationError,
            ):
                self._make_own("risk_class", {"key": "D", "reason": blank})
        stratum = self._make_own("risk_class", {"key": "D"}).stratum_ids
        with self._refused(
            "enter the reason for its separate ratio; the reason will be published",
            ValidationError,
        ):
            stratum.reason = "  "

    def test_a_stratum_that_nobody_is_in_is_refused_at_the_announcement(self):
        for stratify_by, key, known in (
            ("risk_class+key", "D/重点", "B · Ordinary targets, D · Key targets"),
            ("risk_class+key", "D/", "B · Ordinary targets, D · Key targets"),
            ("risk_class", "C", "B, D"),
            ("none", "D", "All"),
        ):
            task = self._make_own(stratify_by, {"key": key}).with_user(self.manager)
            self.manager.lang = "en_US"
            with (
                freeze_time(NOW),
                self._refused(
                    rf"no target is in stratum {key}, .* Existing strata: {known}\."
                ),
            ):
                task.action_announce()
            self.assertFalse(task.announced_on)
        task.stratum_ids.key = "all"
        task.sudo().approval_state = "approved"
        with freeze_time(NOW):
            task.action_announce()
        self.assertTrue(task.announced_on)

    def test_a_stratum_whose_targets_are_all_suspended_is_refused_too(self):
        self.targets[:10].write({"state": "suspended", "state_reason": "Renovation"})
        task = self._make_own("risk_class", {"key": "D"})
        with freeze_time(NOW), self._refused("no target is in stratum D"):
            task.action_announce()

    def test_a_stratum_is_chosen_by_its_parts(self):
        task = self._make_task(stratify_by="risk_class+key+region").with_user(
            self.manager
        )
        with Form(task) as form, form.stratum_ids.new() as line:
            line.risk_class = "D"
            line.mark = "key"
            line.region_id = self.targets[0].region_id
            line.ratio = 1.0
            line.reason = "Accidents"
        stratum = task.stratum_ids
        self.assertEqual(stratum.key, "D/key/East / Old Town")
        task.write({"draw_at": DRAW_AT})
        self.assertEqual(task.approval_state, "none")  # approved without this stratum
        task.sudo().approval_state = "approved"
        with freeze_time(NOW):
            task.sudo()._check_announceable()
        with Form(task) as form, form.stratum_ids.edit(0) as line:
            self.assertEqual(
                (line.risk_class, line.mark, line.region_id.label),
                ("D", "key", "East / Old Town"),
            )
            line.mark = "ordinary"
        self.assertEqual(stratum.key, "D/ordinary/East / Old Town")
        self.assertEqual(
            (stratum.risk_class, stratum.mark, stratum.region_id.label, stratum.ratio),
            ("D", "ordinary", "East / Old Town", 1.0),
        )

    def test_what_a_key_does_not_say_stays_empty(self):
        task = self._make_own("risk_class+key", {"key": "D/重点"}, {"key": "none"})
        self.assertEqual(
            task.stratum_ids.sorted("key").mapped(
                lambda own: (own.key, own.risk_class, own.mark, own.region_id.label)
            ),
            [("D/重点", "D", False, False), ("none", "none", False, False)],
        )

    def test_a_list_sent_down_has_no_strata(self):
        task = self._make_own("risk_class", {"key": "C"})
        task.mode = "external"
        rulebook = task._get_lock_rulebook()
        task._get_roster_lock(rulebook)._check_pool_strata()


@tagged("post_install", "-at_install")
class TestRequiredStrata(SrspCase):
    """What the rulebook has ratios of its own for is distinguished, or a reason is given and published."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.manager.lang = "en_US"
        cls.targets[:10].risk_class = "D"

    def setUp(self):
        super().setUp()
        freezer = freeze_time(NOW)
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make(self, **values):
        values = {"stratify_reason": False, "draw_at": DRAW_AT, **values}
        return self._make_task(**values).with_user(self.manager)

    def test_a_new_task_follows_the_rulebook(self):
        tasks = self.env["srsp.task"].with_user(self.manager)
        self.assertEqual(tasks.new({}).stratify_by, "risk_class+key")
        for vals, strata in (
            ({"ratio_key": 0.05}, "risk_class"),
            ({"ratio_c": 0.05, "ratio_d": 0.05}, "none"),
            ({"ratio_key": 0.06}, "key"),
        ):
            self.rulebook.write(vals)
            self.assertEqual(tasks.new({}).stratify_by, strata)

    def test_other_strata_are_refused_without_a_reason(self):
        for stratify_by in ("none", "key", "region"):
            task = self._make(stratify_by=stratify_by)
            for blank in (False, " "):
                task.stratify_reason = blank
                task.sudo().approval_state = "approved"
                with self._refused(
                    "separate ratios for risk classes and key targets, above 5%. Stratify by “Risk class and key mark”"
                ):
                    task.action_announce()
            self.assertFalse(task.announced_on)
        task.stratify_reason = "The province draws the high risks"
        task.sudo().approval_state = "approved"
        task.action_announce()
        self.assertTrue(task.announced_on)
        with self._refused("can no longer change"):
            task.stratify_reason = "Another one"

    def test_the_rulebooks_strata_need_no_reason_and_take_its_ratios(self):
        task = self._make(stratify_by="risk_class+key+region")
        task.action_announce()
        task = self._make(stratify_by="risk_class+key")
        task.action_announce()
        draw = task.sudo()._lock_roster(NOW)
        self.assertEqual(
            [(one["key"], one["ratio"]) for one in draw.strata],
            [("B/ordinary", 0.05), ("D/ordinary", 0.5)],
        )

    def test_a_ratio_that_reaches_the_highest_one_needs_no_strata(self):
        self._make(stratify_by="none", ratio=0.5).action_announce()
        with self._refused("Stratify by “Risk class”"):
            self._make(stratify_by="none", ratio=0.4).action_announce()

    def test_the_lock_holds_the_task_to_the_rulebook_of_its_day(self):
        task = self._make_announced(stratify_reason=False)
        with self._refused(
            "the rulebook sets separate ratios for risk classes and key targets"
        ):
            task._lock_roster(NOW)
