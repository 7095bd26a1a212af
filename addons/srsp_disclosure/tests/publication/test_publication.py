import datetime
import hashlib
import json
from base64 import b64encode

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.srsp_supervision.tools import canonical, verify_draw

from ..common import BureauCase

FORMED = datetime.date(2025, 9, 24)


class TestPublication(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.list = cls.publish_list()

    def assert_sealed(self, publication):
        """The digest is that of the stored bytes, which are canonical, and the chain holds it."""
        self.env.flush_all()
        head, data = publication.payload.encode(), publication._read_original()
        self.assertEqual(publication.digest, hashlib.sha256(data).hexdigest())
        for text in (head, data):
            self.assertEqual(canonical.dumps(json.loads(text)), text)
        event = self.env["srsp.event"].search(
            [
                ("kind", "=", "publication.published"),
                ("res_model", "=", "srsp.publication"),
                ("res_id", "=", publication.id),
            ]
        )
        sealed = {
            "number": publication.number,
            "kind": publication.kind,
            "reference": publication.reference,
            "version": publication.version,
            "digest": publication.digest,
            "head_digest": hashlib.sha256(head).hexdigest(),
        }
        self.assertEqual(json.loads(event.payload)["record"], sealed)
        self.assertEqual(self.env["srsp.event.check"]._walk(self.company)[0], [])

    def test_the_page_of_an_entity_leads_to_its_publications(self):
        visits = self.draw(self.make_task()).task_id.inspection_ids
        result = self.close(visits[0], FORMED)
        entity = visits[0].entity_id
        stranger = new_test_user(
            self.env, "stranger", groups="srsp_supervision.group_inspector"
        )
        seen = (entity | visits[1].entity_id).with_user(stranger)
        self.assertEqual(seen.mapped("publication_count"), [1, 0])
        domain = seen[0].action_view_publications()["domain"]
        self.assertEqual(self.env["srsp.publication"].search(domain), result)

    def test_a_published_list_shows_the_nine_elements(self):
        publication = self.publications_of(self.list)
        self.assert_sealed(publication)
        [line] = json.loads(publication.payload)["lines"]
        item = self.list.item_ids
        elements = (
            "name legal_basis inspecting_body target content standard ratio frequency"
        ).split()
        self.assertEqual(
            {name: line[name] for name in (*elements, "method")},
            {
                **{name: item[name] or "" for name in elements},
                "method": item.method_ids.name,
            },
        )
        self.assertEqual((publication.kind, publication.version), ("list", 1))
        self.assertRegex(publication.number, r"^GS\d{10}$")

    def test_a_new_version_of_a_list_supersedes_the_publication_of_the_one_before(self):
        first = self.publications_of(self.list)
        action = self.list.action_new_version()
        draft = self.env["srsp.list"].browse(action["res_id"])
        draft.item_ids.name = "测绘资质“双随机”巡查"
        draft.write(
            {
                "deadline": "2099-01-01",
                "approval_number": "榕审改〔2025〕2号",
                "approval_date": "2025-07-10",
                "approval_scan": b64encode(b"scan"),
                "effective_date": self.list.effective_date + datetime.timedelta(days=1),
            }
        )
        second = self.publications_of(self.take_through(draft))
        states = [(first.state, second.state)]
        with freeze_time(draft.effective_date):
            self.env["srsp.list"]._cron_daily()
        states.append((first.state, second.state))
        self.assertEqual(
            states, [("published", "pending"), ("superseded", "published")]
        )
        self.assertEqual((second.version, second.supersedes_id), (2, first))
        self.assertIn("测绘资质巡查", first.payload)
        self.assertIn(
            "测绘资质“双随机”巡查", json.loads(second.payload)["lines"][0]["name"]
        )

    def test_a_published_plan_shows_its_tasks(self):
        plan = self.publish_plan(self.list)
        publication = self.publications_of(plan)
        self.assert_sealed(publication)
        self.assertEqual(
            [task["number"] for task in json.loads(publication.payload)["tasks"]],
            plan.task_ids.sorted("date_from").mapped("number"),
        )

    def test_a_locked_roster_is_published_before_the_draw_and_says_nothing_of_who_is_in_it(
        self,
    ):
        task = self.make_task(ratio_reason="试点")
        task._lock_roster(now=task.lock_at)
        publication = self.publications_of(task.draw_id)
        self.assert_sealed(publication)
        payload = json.loads(publication.payload)
        self.assertEqual(payload["commitment"], task.draw_id._get_commitment())
        self.assertEqual(payload["chain"]["kind"], "draw.committed")
        self.assertEqual(payload["task"]["ratio_reason"], "试点")
        self.assertEqual(publication.draw_state, "committed")
        roster = [("draw_id", "=", task.draw_id.id)]
        for line in self.env["srsp.draw.line"].search(roster):
            self.assertNotIn(line.label, publication.payload)

    def test_the_original_of_a_draw_is_the_certificate_and_recomputes(self):
        draw = self.draw(self.make_task())
        publication = self.publications_of(draw, "draw")
        self.assert_sealed(publication)
        certificate = json.loads(json.dumps(draw._get_certificate()))
        original = publication._read_original()
        self.assertEqual(json.loads(original), certificate)
        verify_draw.verify(verify_draw.load(original))
        for inspector in self.env["srsp.inspector"].search([]):
            self.assertNotIn(inspector.name, publication.payload + original.decode())

    def test_a_substitution_supersedes_the_certificate_and_both_stay_readable(self):
        draw = self.draw(self.make_task())
        draw.inspection_ids[:1]._replace("已停业")
        first, second = self.publications_of(draw, "draw")
        self.assertEqual(
            [(p.version, p.state) for p in (first, second)],
            [(1, "superseded"), (2, "published")],
        )
        for publication, count in ((first, 1), (second, 2)):
            for text in (publication.payload, publication._read_original()):
                self.assertEqual(len(json.loads(text)["iterations"]), count)

    def test_voiding_a_draw_is_published_with_its_reason(self):
        draw = self.draw(self.make_task())
        draw._void("名录库有误")
        versions = self.publications_of(draw)
        self.assertEqual(
            [(p.kind, p.version, p.state, p.draw_state) for p in versions],
            [
                ("roster", 1, "superseded", "committed"),
                ("draw", 1, "superseded", "drawn"),
                ("roster", 2, "published", "voided"),
                ("draw", 2, "published", "voided"),
            ],
        )
        reason = json.loads(versions[3].payload)["draw"]["void_reason"]
        self.assertEqual(reason, "名录库有误")

    def test_a_publication_of_a_draw_names_everything_as_of_the_lock(self):
        task = self.make_task()
        draw = self.draw(task)
        before = self.publications_of(draw, "roster")
        self.rename_everything(task, draw)
        draw._void("名录库有误")
        after, certificate = self.publications_of(draw)[-2:]
        named = "title bureau_name division_name sector_name".split()
        self.assertEqual(*(p.read(named)[0] | {"id": 0} for p in (before, after)))
        first, second = (json.loads(p.payload) for p in (before, after))
        self.assertEqual(first["task"], second["task"])
        self.assertEqual({**second["draw"], **draw.head}, second["draw"])
        self.assertEqual(
            [second["draw"][name] for name in ("bureau", "division", "task_name")],
            ["测试局", "测管处", "测绘资质巡查"],
        )
        self.assertNotIn("改名", certificate.title + certificate.bureau_name)

    def rename_everything(self, task, draw):
        """As years of a bureau may do to it."""
        self.env.flush_all()
        for table, record in (
            ("srsp_task", task),
            ("srsp_division", self.division),
            ("srsp_sector", self.sector),
            ("srsp_rulebook", draw.rulebook_id),
            ("res_company", self.company),
        ):
            translated = record._fields["name"].translate
            name = (
                SQL("%s::jsonb", json.dumps({"en_US": "改名"}))
                if translated
                else "改名"
            )
            self.env.execute_query(
                SQL(
                    "UPDATE %s SET name = %s WHERE id = %s RETURNING id",
                    SQL.identifier(table),
                    name,
                    record.id,
                )
            )
        self.env.invalidate_all()
        self.assertEqual((task.name, self.company.name), ("改名", "改名"))

    def test_voiding_a_locked_roster_publishes_no_certificate(self):
        task = self.make_task()
        draw = task._lock_roster(now=task.lock_at)
        draw._void("抽查取消")
        self.assertEqual(
            [(p.kind, p.version, p.draw_state) for p in self.publications_of(draw)],
            [("roster", 1, "committed"), ("roster", 2, "voided")],
        )

    def test_a_result_shows_findings_and_staff_numbers_but_no_inspector(self):
        visit = self.draw(self.make_task()).inspection_ids[:1]
        publication = self.close(visit, FORMED, facts="界址测量记录缺页")
        self.assert_sealed(publication)
        payload = json.loads(publication.payload)
        self.assertEqual(payload["lines"], visit._get_result()["lines"])
        self.assertEqual(
            payload["inspectors"], sorted(visit.officer_ids.mapped("staff_number"))
        )
        self.assertEqual(
            (publication.entity_name, publication.entity_code),
            (visit.entity_id.name, visit.entity_id.code),
        )
        for officer in visit.officer_ids:
            self.assertNotIn(officer.name, publication.payload)

    def test_a_natural_person_is_masked_and_nothing_is_told_of_the_facts(self):
        visit = self.draw(self.make_task()).inspection_ids[:1]
        visit.entity_id.write({"kind": "person", "name": "张三丰"})
        publication = self.close(visit, FORMED, facts="张三丰家住东街口")
        self.assertEqual(publication.entity_name, "张*")
        shown = publication.payload + publication.title
        self.assertNotIn("三丰", shown)
        self.assertNotIn("东街口", shown)

    def test_a_publication_never_changes_not_even_for_the_superuser(self):
        publication = self.publications_of(self.list)
        for vals in (
            {"payload": "{}"},
            {"digest": "0"},
            {"title": "x"},
            {"version": 9},
        ):
            with self.assertRaises(UserError):
                publication.sudo().write(vals)

    @mute_logger("odoo.sql_db")
    def test_a_publication_is_never_deleted_not_even_by_the_superuser(self):
        with self.assertRaises(UserError):
            self.publications_of(self.list).sudo().unlink()

    def test_what_existed_before_the_addon_is_published_in_order_and_only_once(self):
        draw = self.draw(self.make_task())
        self.close(draw.inspection_ids[:1], FORMED)
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM srsp_delivery WHERE company_id = %s", [self.company.id]
        )
        self.env.cr.execute(
            "DELETE FROM srsp_publication WHERE company_id = %s", [self.company.id]
        )
        self.env.invalidate_all()
        publications = self.env["srsp.publication"]
        publications._backfill()
        publications._backfill()
        made = publications.search([("company_id", "=", self.company.id)], order="id")
        self.assertEqual(
            [(p.kind, p.formed_on.isoformat()) for p in made],
            [
                ("roster", "2025-09-01"),
                ("draw", "2025-09-02"),
                ("result", "2025-09-24"),
                ("list", self.list.published_on.isoformat()),
            ],
        )
        # Nothing is wrong with the chain but that four publications were removed above.
        findings, _counts = self.env["srsp.event.check"]._walk(self.company)
        self.assertEqual(
            [text.rpartition(", ")[2] for _number, text in findings],
            ["which no longer exists."] * 4,
        )

    def test_a_task_with_a_result_from_before_the_addon_waits_for_its_publication(self):
        task = self.make_task()
        visits = self.draw(task).inspection_ids
        task.state = "inspecting"
        old = self.close(visits[:1], FORMED)
        self.env.cr.execute("DELETE FROM srsp_publication WHERE id = %s", [old.id])
        self.env.invalidate_all()
        for visit in visits[1:]:
            self.close(visit, FORMED)
        task._disclose_complete()
        self.assertEqual(task.state, "inspecting")
        self.env["srsp.publication"]._backfill()
        self.assertEqual(task.state, "disclosed")

    def test_the_form_shows_every_kind_of_payload_as_text(self):
        self.publish_plan(self.list)
        task = self.make_task()
        task._after_announce()
        draw = self.draw(task)
        self.close(draw.inspection_ids[:1], FORMED, facts="<b>缺页</b>")
        made = self.env["srsp.publication"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(
            set(made.mapped("kind")),
            {"list", "plan", "announcement", "roster", "draw", "result"},
        )
        for publication in made:
            self.assertIn("o_supervision_body", publication.payload_html)
        result = made.filtered(lambda p: p.kind == "result")
        self.assertIn("&lt;b&gt;缺页&lt;/b&gt;", result.payload_html)
