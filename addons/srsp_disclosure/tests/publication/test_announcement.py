import json

from freezegun import freeze_time

from odoo.tests import tagged

from ..common import BureauCase

NOW = "2025-08-28 02:00:00"


@tagged("post_install", "-at_install")
class TestAnnouncement(BureauCase):
    """An announced draw is public from the announcement on, and so is whatever becomes of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time(NOW):
            cls.publish_list()

    def setUp(self):
        super().setUp()
        freezer = freeze_time(NOW)
        freezer.start()
        self.addCleanup(freezer.stop)
        self.task = self.make_task(
            target_domain="[('is_key', '=', False)]",
            scope="除重点抽查名录外的测绘资质单位",
            ad_hoc_reason="群众举报",
        )
        self.task.announced_on = False

    def _get_versions(self):
        return [
            (p.kind, p.version, p.state, p.title, json.loads(p.payload)["reason"])
            for p in self.publications_of(self.task)
        ]

    def test_it_says_what_is_drawn_when_from_whom_and_why(self):
        self.task.action_announce()
        publication = self.publications_of(self.task)
        payload = json.loads(publication.payload)
        self.assertEqual(
            {name: payload[name] for name in ("format", "state", "reason", "targets")},
            {
                "format": "srsp-announcement/1",
                "state": "announced",
                "reason": "",
                "targets": 6,
            },
        )
        self.assertEqual(
            {
                name: payload["task"][name]
                for name in "origin ad_hoc_reason directed scope draw_at".split()
            },
            {
                "origin": "ad_hoc",
                "ad_hoc_reason": "群众举报",
                "directed": True,
                "scope": "除重点抽查名录外的测绘资质单位",
                "draw_at": "2025-09-02T01:30:00Z",
            },
        )
        self.assertIn("群众举报", publication.payload_html)
        self.assertIn("除重点抽查名录外的测绘资质单位", publication.payload_html)
        words = payload["task"]["filter_words"]
        self.assertEqual(words, "Key Target: no")
        self.assertIn(words, publication.payload_html)

    def test_a_withdrawal_supersedes_it_with_the_reason(self):
        self.task.action_announce()
        self.task._withdraw("检查人员患病")
        self.task.action_announce()
        name = "测绘资质巡查"
        self.assertEqual(
            self._get_versions(),
            [
                ("announcement", 1, "superseded", f"Draw announced: {name}", ""),
                (
                    "announcement",
                    2,
                    "superseded",
                    f"Announcement withdrawn: {name}",
                    "检查人员患病",
                ),
                ("announcement", 3, "published", f"Draw announced: {name}", ""),
            ],
        )

    def test_an_announced_task_is_not_cancelled_in_silence(self):
        self.task.action_announce()
        self.task._cancel("年底任务繁忙")
        self.assertEqual(
            self._get_versions()[-1],
            (
                "announcement",
                2,
                "published",
                "Announcement withdrawn: 测绘资质巡查",
                "年底任务繁忙",
            ),
        )

    def test_neither_a_lapse_nor_a_void_leaves_it_standing(self):
        self.task.action_announce()
        with freeze_time("2025-09-02 03:00:00"):
            self.task._lock_or_lapse()
        state, title, reason = self._get_versions()[-1][2:]
        self.assertEqual(
            (state, title), ("published", "Announcement withdrawn: 测绘资质巡查")
        )
        self.assertIn("The announced time passed", reason)
        self.task.action_announce()
        self.task._lock_roster().with_env(self.env)._void("名录库有误")
        announced = self.publications_of(self.task, "announcement")
        self.assertIn("名录库有误", announced[-1].payload_html)

    def test_a_task_cancelled_before_it_was_announced_leaves_nothing(self):
        self.task._cancel("计划调整")
        self.assertFalse(self.publications_of(self.task))


@tagged("post_install", "-at_install")
class TestDrawnNames(BureauCase):
    def test_names_of_the_drawn_are_published_before_the_visits_only_where_the_task_says_so(
        self,
    ):
        self.publish_list()
        for names_public in (False, True):
            task = self.make_task(names_public=names_public)
            draw = self.draw(task)
            publication = self.publications_of(draw, "draw")
            names = json.loads(publication.payload)["names"]
            drawn = {
                v.line_ids.target_id.code: v.entity_id.name for v in task.inspection_ids
            }
            self.assertEqual(names, drawn if names_public else {})
            for name in drawn.values():
                self.assertEqual(name in publication.payload_html, names_public)

    def test_a_natural_person_is_not_named(self):
        self.publish_list()
        self.entities.kind = "person"
        draw = self.draw(self.make_task(names_public=True))
        publication = self.publications_of(draw, "draw")
        names = set(json.loads(publication.payload)["names"].values())
        self.assertTrue(names)
        self.assertLessEqual(names, {f"{e.name[:1]}*" for e in self.entities})
        for entity in self.entities:
            self.assertNotIn(entity.name, publication.payload_html)
