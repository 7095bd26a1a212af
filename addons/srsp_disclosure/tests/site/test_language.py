"""What a citizen reads is in the language of the bureau: no word of another one, and no technical key."""

import base64
import datetime
import inspect
import json
import re

from lxml import html

from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.srsp_supervision.models.draw import roster_lock

from ...models.site import rate_limit
from ..common import DRAW, LOCK, Bureau

FORMED = datetime.date(2025, 9, 24)
DRAWN = ("draw", "substitution", "extension", "withdrawal", "void")
# Names of formats, programs, classes and a public service, which have no Chinese name.
NAMES = (
    "SHA JSON Python drand verify_draw py python3 certificate json chain UTC UTF A B C D"
).split()
CODES = re.compile(
    # A digest or the beginning of one, a number with its letters, a word of a script that stands in for another.
    r"\b[0-9a-f]{12,}\b|\b(?:[A-Z]+-)?[A-Z]*[0-9][A-Z0-9.-]*\b|\{\w+\}",
    re.ASCII,
)
WORD = re.compile(r"[A-Za-z]\w*", re.ASCII)
KEY = re.compile(r"\b[a-z]+_[a-z_]+\b", re.ASCII)
# Where a lock says why it leaves a target out.
LOCK_SOURCE = "".join(
    inspect.getsource(getattr(roster_lock.RosterLock, name))
    for name in ("_fill", "_get_filter_sql", "_get_reasons_sql")
)
SPOKEN = ("alt", "aria-label", "placeholder", "title")


def read(page):
    """Return what a citizen reads or hears of a page, piece by piece."""
    tree = html.fromstring(page)
    for element in tree.xpath("//script | //style | //noscript | //template"):
        element.drop_tree()
    yield from tree.xpath("//title//text() | //body//text()")
    for name in SPOKEN:
        yield from tree.xpath(f"//@{name}")


def find_foreign(page):
    """Return the words of a page that are neither Chinese nor a name, and its technical keys."""
    found = set()
    for text in read(page):
        rest = CODES.sub(" ", text)
        found.update(KEY.findall(rest), set(WORD.findall(rest)) - {*NAMES})
    return sorted(found - {*NAMES})


@tagged("post_install", "-at_install")
class TestLanguage(Bureau, HttpCase):
    """A bureau in China in a database that began in English, whose staff and scheduled actions speak English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in ("en_US", "zh_CN"):
            cls.env["res.lang"]._activate_lang(code)
        for name in ("srsp_supervision", "srsp_disclosure"):
            addon = cls.env["ir.module.module"].search([("name", "=", name)])
            addon._update_translations(["zh_CN"], overwrite=True)
        cls.make_bureau()
        cls.website = cls.env["website"].search([], limit=1)
        english = cls.env.ref("base.lang_en")
        cls.website.write(
            {
                "name": "政务公开",
                "company_id": cls.company.id,
                "language_ids": [Command.set(english.ids)],
                "default_lang_id": english.id,
            }
        )
        cls.company.srsp_language = "zh_CN"
        cls.list = cls.publish_list()
        cls.plan = cls.publish_plan(cls.list)
        cls.drawn = cls.draw(cls.make_task(ratio=0.5))
        cls.visit = cls.drawn.inspection_ids[:1]
        cls.result = cls.close(cls.visit, FORMED)

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self.env["ir.config_parameter"].set_param("srsp_disclosure.rate_percent", 0)

    def assert_chinese(self, url, status=200, about=""):
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, status, f"{url} {about}")
        self.assertEqual(find_foreign(answer.text), [], f"{url} {about}")
        return answer.text

    def assert_readable(self, record, kind, change=None, about=""):
        """Open the newest publication of ``record``, with ``change(payload)`` made to what it shows."""
        publication = self.publications_of(record, kind)[-1]
        before = publication.payload
        if change:
            payload = json.loads(before)
            change(payload)
            self.put(publication, json.dumps(payload))
        try:
            self.assert_chinese(publication._get_page_url(), about=about)
        finally:
            self.put(publication, before)

    def put(self, publication, payload):
        """Show another payload: of a code that no record of this test has."""
        self.env.cr.execute(
            "UPDATE srsp_publication SET payload = %s WHERE id = %s",
            [payload, publication.id],
        )
        publication.invalidate_recordset(["payload"])

    def get_codes(self, model, name):
        field = self.env[model]._fields[name]
        return [code for code, _label in field._description_selection(self.env)]

    def test_every_page_of_the_site_is_chinese(self):
        number = self.drawn.number
        self.env["srsp.chain.head"]._record(
            self.company, event_at=LOCK, sent_at=DRAW, recipients="a@example.org"
        )
        for page in (
            "",
            *("/list", "/plan", "/announcement", "/roster", "/draw", "/result"),
            *("/result?q=甲", "/result?q=无", "/chain", "/verify"),
            f"/draws/{number}/verify",
        ):
            self.assert_chinese(f"/supervision{page}")

    def test_what_is_missing_or_refused_is_said_in_chinese(self):
        for url in (
            "/supervision/publication/1999",
            "/supervision/nichts/1",
            "/supervision/draws/1999/certificate.json",
            "/1999",
        ):
            self.assert_chinese(url, 404)
        answer = self.url_open("/supervision/draws.json", data={"a": "b"})
        self.assertEqual((answer.status_code, find_foreign(answer.text)), (400, []))
        view = self.env["ir.ui.view"].create(
            {
                "name": "内部",
                "type": "qweb",
                "arch": '<t t-name="inside"><t t-call="website.layout"/></t>',
                "key": "srsp_disclosure.inside",
                "visibility": "connected",
            }
        )
        page = {"url": "/inside", "view_id": view.id, "is_published": True}
        self.env["website.page"].create(page)
        self.assert_chinese("/inside", 403)
        self.assert_chinese("/web/login")
        publication = self.publications_of(self.drawn, "draw")
        original = publication.sudo().original_id
        self.env.cr.execute(
            "UPDATE ir_attachment SET store_fname = '00/0' WHERE id = %s",
            [original.id],
        )
        original.invalidate_recordset()
        url = f"/supervision/draws/{self.drawn.number}/certificate.json"
        with self.assertLogs("odoo.addons.srsp_disclosure", "ERROR"):
            self.assert_chinese(url, 503)
        self.env["ir.config_parameter"].set_param("srsp_disclosure.rate_percent", 1)
        rate_limit._limiter.storage.reset()
        self.addCleanup(rate_limit._limiter.storage.reset)
        for _request in range(4):
            answer = self.url_open("/supervision")
        self.assertEqual((answer.status_code, find_foreign(answer.text)), (429, []))

    def test_every_state_of_the_lists_is_chinese(self):
        draft = self.env["srsp.list"].create({"kind": "duty"})
        partner = self.env["srsp.division"].create({"name": "规划处", "code": "GH"})
        self.env["srsp.duty"].create(
            {
                "list_id": draft.id,
                "code": "ZR01",
                "name": "联合检查",
                "division_id": self.division.id,
                "cooperating_division_ids": partner.ids,
                "legal_basis_ids": self.list.item_ids.legal_basis_ids.ids,
            }
        )
        scan = base64.b64encode(b"scan")
        vals = {"approval_number": "榕审改〔2025〕2号", "approval_date": "2025-01-10"}
        draft.write({**vals, "approval_scan": scan, "deadline": "2099-01-01"})
        self.take_through(draft)
        self.assert_readable(draft, "list")
        for category in self.get_codes("srsp.item", "category"):
            for level in self.get_codes("srsp.item", "level"):
                self.assert_readable(
                    self.list,
                    "list",
                    lambda payload, codes=(category, level): payload["lines"][0].update(
                        zip(("category", "level"), codes, strict=True)
                    ),
                    f"{category} {level}",
                )
        for state in self.get_codes("srsp.publication", "state"):
            self.publications_of(draft).state = state
            self.env.cr.execute(
                "UPDATE srsp_publication SET effective_on = '2099-01-01' WHERE id = %s",
                self.publications_of(draft).ids,
            )
            self.publications_of(draft).invalidate_recordset()
            self.assert_readable(draft, "list", about=state)
            self.assert_chinese("/supervision/list", about=state)

    def test_every_kind_of_task_is_chinese(self):
        self.assert_readable(self.plan, "plan")
        task = self.make_task()
        publish = self.env["srsp.publication"]._publish
        publish(task, "announcement")
        for strata in self.get_codes("srsp.task", "stratify_by"):
            for origin in self.get_codes("srsp.task", "origin"):
                self.assert_readable(
                    task,
                    "announcement",
                    lambda payload, codes=(strata, origin): payload["task"].update(
                        zip(("stratify_by", "origin"), codes, strict=True),
                        ad_hoc_reason="群众举报",
                        stratify_reason="统一抽取",
                        ratio_reason="对象较少",
                        target_filter="[]",
                        cooperating=["规划处"],
                        draw_at="",
                    ),
                    f"{strata} {origin}",
                )
        for directed in (True, False):
            task.target_domain = "[('risk_class', '=', 'D')]" if directed else "[]"
            publish(task, "announcement")
            self.assert_readable(task, "announcement", about=directed)
        task._cancel("事项已取消")
        self.assert_readable(task, "announcement")

    def test_every_state_and_source_of_a_draw_is_chinese(self):
        for source in self.get_codes("srsp.draw", "randomness_kind"):

            def change(payload, source=source):
                payload["commitment"]["randomness"].update(
                    source=source,
                    statement=self.company._srsp_in_language(
                        self.drawn
                    )._get_source_statements()[source],
                    lottery="七星彩 第25101期",
                    drand={"round": 1, "chain_hash": "0" * 64},
                )
                payload["commitment"]["external"] = {
                    "authority": "省厅",
                    "document": "闽自然资函〔2025〕17号",
                    "issued_on": "2025-08-20",
                    "file_digest_hex": "0" * 64,
                }
                for iteration in payload.get("iterations", []):
                    iteration["entered_by"] = ["林一", "陈二"]
                    iteration["randomness_hex"] = b"9.18.26".hex()

            for kind in ("roster", "draw"):
                self.assert_readable(self.drawn, kind, change, source)
        task = self.make_task(
            stratify_by="risk_class+key",
            stratum_ids=[
                Command.create(
                    {"key": "none/ordinary", "ratio": 1.0, "reason": "投诉集中"}
                )
            ],
        )
        draw = task._lock_roster(now=LOCK)
        self.assert_readable(draw, "roster")
        draw._draw(now=DRAW)
        self.assert_readable(draw, "draw")
        draw._void("名录库有误")
        for kind in ("roster", "draw"):
            self.assert_readable(draw, kind)
        for state in self.get_codes("srsp.publication", "draw_state"):
            publication = self.publications_of(draw, "draw")[-1]
            self.env.cr.execute(
                "UPDATE srsp_publication SET draw_state = %s WHERE id = %s",
                [state, publication.id],
            )
            publication.invalidate_recordset()
            self.assert_chinese("/supervision/draw", about=state)

    def test_every_round_of_a_draw_is_chinese(self):
        def change(payload, kind):
            [iteration] = payload["iterations"]
            label = iteration["selected"][0][0]
            iteration.update(
                kind=kind,
                reason="已停业",
                witnesses="公证员吴三",
                unavailable=[[label, "已停业"]],
                withdrawn=[["CG01", "不能参加"]],
                request={
                    "requested_by": ["测管处"],
                    "requested_at": "2025-09-02T01:30:00Z",
                    "approved_by": ["法规处"],
                    "approved_at": "2025-09-02T01:30:00Z",
                    "evidence_digest_hex": "0" * 64,
                },
            )
            payload["witnesses"] = [["公证处", "2025-09-02T01:30:00Z", "0" * 64]]
            for team in payload["teams"]:
                team[4] = ["detachment", "without CG"]

        for kind in self.get_codes("srsp.draw.iteration", "kind"):
            self.assert_readable(
                self.drawn, "draw", lambda payload, kind=kind: change(payload, kind)
            )
        page = []

        def hand_over(payload):
            change(payload, "draw")
            page.append(self.publications_of(self.drawn, "draw")._get_page_url())

        self.assert_readable(self.drawn, "draw", hand_over)

    def test_every_reason_for_leaving_a_target_out_is_chinese(self):
        codes = re.findall(r"THEN '(\w+)'", LOCK_SOURCE)
        names = self.drawn._get_exclusion_reasons()
        self.assertEqual(set(codes), names.keys())
        self.assert_readable(
            self.drawn,
            "draw",
            lambda payload: payload.update(
                excluded=[
                    [f"CH-{number}", code]
                    for number, code in enumerate([*codes, "not_drawable", "of_later"])
                ]
            ),
        )

    def test_every_result_and_measure_is_frozen_in_chinese(self):
        line = self.visit.line_ids[0]
        for name in ("result", "measure"):
            for code in self.get_codes("srsp.inspection.line", name):
                line.sudo().write({name: code})
                self.env["srsp.publication"]._publish(self.visit, "result")
                self.assert_readable(self.visit, "result", about=code)
                self.assert_chinese("/supervision/result", about=code)

    def test_what_leaves_the_bureau_is_chinese_whoever_sends_it(self):
        head = self.env["srsp.chain.head"]._record(
            self.company, event_at=LOCK, sent_at=DRAW, recipients="a@example.org"
        )
        for record in (self.drawn, head):
            vals = record.with_context(lang="en_US")._prepare_mail_vals("a@example.org")
            self.assertEqual(find_foreign(f"<p>{vals['subject']}</p>"), [])
            self.assertEqual(find_foreign(vals["body_html"]), [])
        channel = self.env["srsp.channel"].create(
            {"name": "平台", "url": "https://example.org", "key_id": "k"}
        )
        channel._queue(self.result)
        record = self.result.delivery_ids.with_context(lang="en_US")._prepare_record()
        [item] = record["payload"]["items"]
        self.assertEqual((item["result"], item["measure"]), ("1", "无需后续处置"))

    def test_a_list_and_a_rulebook_are_printed_in_chinese(self):
        reports = self.env["ir.actions.report"].with_context(lang="en_US")
        rulebook = self.env["srsp.rulebook"].search([("name", "=", "测试细则")])
        for name, record in (("list", self.list), ("rulebook", rulebook)):
            page, _kind = reports._render_qweb_html(
                f"srsp_supervision.srsp_{name}_document", record.ids
            )
            self.assertEqual(find_foreign(page.decode()), [], name)
