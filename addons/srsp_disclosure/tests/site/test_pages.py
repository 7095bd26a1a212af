import base64
import datetime
import hashlib
import json
from pathlib import Path

from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import file_open

from ...controllers import documents, supervision
from ..common import Bureau

FORMED = datetime.date(2025, 9, 24)


@tagged("post_install", "-at_install")
class TestPages(Bureau, HttpCase):
    """What a visitor without a login gets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.company_id = cls.company
        cls.list = cls.publish_list(content="核查<script>alert(1)</script>仪器")
        cls.plan = cls.publish_plan(cls.list)
        cls.task = cls.make_task(ratio=0.5)
        cls.drawn = cls.draw(cls.task)
        cls.visit = cls.drawn.inspection_ids[:1]
        cls.visit.entity_id.uscc = "12100000401359321Q"
        cls.result = cls.close(cls.visit, FORMED, facts="界址测量记录缺页")
        cls.certificate = cls.publications_of(cls.drawn, "draw")

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def get(self, url, status=200):
        response = self.url_open(url, allow_redirects=False)
        self.assertEqual(response.status_code, status, url)
        return response

    def text(self, url, status=200):
        tree = html.fromstring(self.get(url, status).content)
        return " ".join(tree.get_element_by_id("wrap").text_content().split())

    def test_the_landing_page_leads_to_the_latest_draw_and_result(self):
        page = self.get("/supervision").text
        for publication in (self.certificate, self.result):
            self.assertIn(f'href="/supervision/publication/{publication.number}"', page)
        for kind in ("list", "plan", "draw", "result"):
            self.assertIn(f'href="/supervision/{kind}"', page)

    def test_the_menu_has_the_name_that_every_government_site_gives_it(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        addon = self.env["ir.module.module"].search([("name", "=", "srsp_disclosure")])
        addon._update_translations(["zh_CN"])
        menus = self.env["website.menu"].search([("url", "=", "/supervision")])
        self.assertEqual(set(menus.mapped("name")), {"Random Inspection"})
        menus = menus.with_context(lang="zh_CN")
        self.assertEqual(set(menus.mapped("name")), {"双随机、一公开"})

    def test_a_company_is_found_by_name_by_credit_code_and_by_number(self):
        name = self.visit.entity_id.name
        for term in (
            name[:3],
            f"（{name[0]}） {name[1]}·{name[2]}\u3000",
            "12100000401359321q",
            "１２１００００ 0401359321ｑ",
            self.visit.number,
            self.visit.number.lower(),
            self.result.number,
        ):
            page = self.text(f"/supervision/result?q={term}")
            self.assertIn(name, page, term)
        for literal in ("100%25", "%25", "_", f"{name[0]}_{name[2]}"):
            self.assertNotIn(name, self.text(f"/supervision/result?q={literal}"))

    def test_publications_are_filtered_by_year_and_division(self):
        title = self.result.title
        self.assertIn(title, self.text("/supervision/result?year=2025&division=测管处"))
        self.assertNotIn(title, self.text("/supervision/result?year=2024"))
        self.assertNotIn(title, self.text("/supervision/result?division=地矿处"))
        self.assertIn(title, self.text("/supervision/result?year=x"))

    def test_a_list_of_publications_has_pages(self):
        self.patch(supervision, "PER_PAGE", 1)
        for visit in self.drawn.inspection_ids - self.visit:
            self.close(visit, FORMED)
        seen = set()
        for page in (1, 2, 3):
            content = self.get(f"/supervision/result/page/{page}").text
            seen |= {
                p.number
                for p in self.env["srsp.publication"].search([("kind", "=", "result")])
                if p.number in content
            }
        self.assertEqual(len(seen), 3)

    def test_every_kind_of_publication_has_a_readable_page(self):
        roster = self.publications_of(self.drawn, "roster")
        expected = {
            self.publications_of(self.list): "《测绘法》第五十三条",
            self.publications_of(self.plan): self.plan.task_ids[0].number,
            roster: self.drawn.roster_digest_hex,
            self.certificate: self.drawn.drawn_line_ids[0].label,
            self.result: "界址测量记录缺页",
        }
        for publication, words in expected.items():
            page = self.text(f"/supervision/publication/{publication.number}")
            self.assertIn(words, page)
            self.assertIn(publication.digest, page)

    def test_a_draw_shows_teams_by_staff_number_and_never_by_name(self):
        page = self.text(f"/supervision/publication/{self.certificate.number}")
        for officer in self.drawn.inspection_ids.officer_ids:
            self.assertIn(officer.staff_number, page)
            self.assertNotIn(officer.name, page)

    def test_what_officers_typed_is_escaped(self):
        publication = self.publications_of(self.list)
        page = self.get(f"/supervision/publication/{publication.number}").text
        self.assertIn("核查&lt;script&gt;alert(1)&lt;/script&gt;仪器", page)
        self.assertNotIn("<script>alert(1)", page)

    def test_a_superseded_version_stays_readable_and_points_to_the_one_in_force(self):
        (self.drawn.inspection_ids - self.visit)[0]._replace("已停业")
        newer = self.publications_of(self.drawn, "draw")[1]
        page = self.get(f"/supervision/publication/{self.certificate.number}").text
        self.assertIn(newer._get_page_url(), page)
        url = f"/supervision/draws/{self.drawn.number}/certificate.json"
        self.assertEqual(
            self.get(f"{url}?version=1").content, self.certificate._read_original()
        )
        self.assertEqual(self.get(url).content, newer._read_original())

    def test_a_lost_original_has_a_page_that_says_so(self):
        path = Path(
            self.certificate.sudo().original_id._full_path(
                self.certificate.sudo().original_id.store_fname
            )
        )
        url = f"/supervision/draws/{self.drawn.number}/certificate.json"
        self.assertEqual(self.get(url).status_code, 200)
        path.rename(path.with_suffix(".away"))
        self.addCleanup(path.with_suffix(".away").rename, path)
        with self.assertLogs("odoo.addons.srsp_disclosure", "ERROR"):
            answer = self.url_open(url)
        self.assertEqual(answer.status_code, 503)
        self.assertIn(self.certificate.digest, answer.text)

    def test_who_requested_and_approved_a_change_is_published_and_changes_are_counted(
        self,
    ):
        policy_division = self.env["srsp.division"].create(
            {
                "name": "法规处",
                "code": "FG",
                "kind": "policy",
                "company_id": self.company.id,
            }
        )
        users = {}
        for login, role, division in (
            ("asks", "division_manager", self.drawn.division_id),
            ("approves", "policy_officer", policy_division),
        ):
            users[login] = new_test_user(
                self.env,
                f"test_{login}",
                groups=f"srsp_supervision.group_{role}",
                company_id=self.company.id,
                company_ids=[(6, 0, self.company.ids)],
                srsp_division_ids=[(6, 0, division.ids)],
            )
        visit = (self.drawn.inspection_ids - self.visit)[0]
        wizards = self.env["srsp.draw.change"].with_user(users["asks"])
        vals = {"draw_id": self.drawn.id, "inspection_id": visit.id}
        photo = b"photograph of a closed gate"
        action = wizards.create(
            {
                **vals,
                "kind": "substitution",
                "reason": "已停业",
                "evidence": base64.b64encode(photo),
            }
        ).action_confirm()
        request = self.env["srsp.draw.request"].browse(action["res_id"])
        request.with_user(users["approves"]).action_approve()
        newer = self.publications_of(self.drawn, "draw")[1]
        page = self.text(newer._get_page_url())
        for division in (self.drawn.division_id, policy_division):
            self.assertIn(f": {division.name} · 20", page.replace("：", ":"))
        self.assertIn(hashlib.sha256(photo).hexdigest(), page)
        tree = html.fromstring(self.get("/supervision/draw").content)
        [table] = tree.find_class("o_draw_changes")
        rows = [
            [cell.text_content().strip() for cell in row] for row in table.iter("tr")
        ]
        counts = self.drawn._count_changes(self.company)
        kinds = ("draw", "substitution", "extension", "withdrawal", "void")
        self.assertEqual(
            rows[1:],
            [
                [str(year), *(str(row.get(kind, 0)) for kind in kinds)]
                for year, row in counts.items()
            ],
        )
        self.assertEqual(sum(row.get("substitution", 0) for row in counts.values()), 1)

    def test_what_does_not_exist_is_a_friendly_404(self):
        for url in (
            "/supervision/publication/GS1999000001",
            "/supervision/nothing/here",
        ):
            self.assertIn("/supervision/result", self.get(url, 404).text)
        for url in (
            "/supervision/draws/none/certificate.json",
            f"/supervision/draws/{self.drawn.number}/certificate.json?version=9",
            "/supervision/publication/none/payload.json",
        ):
            self.get(url, 404)

    def test_a_character_that_no_database_knows_finds_nothing(self):
        name = self.visit.entity_id.name
        for term in ("q=%00", "division=%00", f"q={name[:3]}%00"):
            self.assertNotIn(name, self.text(f"/supervision/result?{term}"))
        for url in (
            "/supervision/publication/%00",
            f"/supervision/publication/{self.result.number}%00",
            "/supervision/publication/%00/payload.json",
            "/supervision/draws/%00/certificate.json",
            "/supervision/%00",
        ):
            self.get(url, 404)

    def test_a_page_number_beyond_measure_is_no_error(self):
        nines = "9" * 5000
        self.assertEqual(self.get(f"/supervision/draws.json?page={nines}").json(), [])
        for page in ("9999999", "x", "0", "-1"):
            self.get(f"/supervision/result/page/{page}")
        for url in ("result/page", "publication", "draws", "nothing"):
            self.get(f"/supervision/{url}/{nines}", 404)

    def test_only_a_version_that_was_named_is_kept_for_good(self):
        url = f"/supervision/draws/{self.drawn.number}/certificate.json"
        kept = {
            query: "immutable" in self.get(url + query).headers["Cache-Control"]
            for query in ("", "?version=", "?version=abc", "?version=1")
        }
        self.assertEqual(
            kept,
            {"": False, "?version=": False, "?version=abc": False, "?version=1": True},
        )

    def test_the_index_of_draws_names_the_domain_whatever_the_visitor_calls_it(self):
        self.website.domain = "https://zrzy.example.org"
        response = self.url_open(
            "/supervision/draws.json", headers={"Host": "evil.example"}
        )
        for row in response.json():
            for name in ("page_url", "certificate_url"):
                self.assertTrue(row[name].startswith("https://zrzy.example.org/"))

    def test_the_certificate_is_served_as_the_very_bytes_that_were_sealed(self):
        url = f"/supervision/draws/{self.drawn.number}/certificate.json"
        response = self.get(url)
        self.assertEqual(
            hashlib.sha256(response.content).hexdigest(), self.certificate.digest
        )
        self.assertEqual(
            response.headers["Content-Type"], "application/json; charset=utf-8"
        )
        etag = response.headers["ETag"]
        again = self.url_open(url, headers={"If-None-Match": etag})
        self.assertEqual((again.status_code, again.content), (304, b""))

    def test_every_publication_serves_its_bytes(self):
        for publication in self.env["srsp.publication"].search(
            [("company_id", "=", self.company.id)]
        ):
            response = self.get(
                f"/supervision/publication/{publication.number}/payload.json"
            )
            self.assertEqual(
                hashlib.sha256(response.content).hexdigest(), publication.digest
            )

    def test_the_verifier_is_served_as_it_is_in_the_addon(self):
        with file_open("srsp_supervision/tools/verify_draw.py", "rb") as file:
            self.assertEqual(
                self.get("/supervision/verify_draw.py").content, file.read()
            )

    def test_the_index_of_draws_lists_every_draw_newest_first(self):
        committed = self.make_task(lock_at="2025-09-01 02:00:00")
        committed._lock_roster(now=committed.lock_at)
        rows = self.get("/supervision/draws.json").json()
        self.assertEqual(
            [(row["number"], row["state"]) for row in rows],
            [(committed.draw_id.number, "committed"), (self.drawn.number, "drawn")],
        )
        first, second = rows
        self.assertEqual(
            (first["certificate_url"], first["digest"], first["drawn_at"]),
            (None, None, None),
        )
        self.assertEqual(first["commitment"], committed.draw_id._get_commitment())
        self.assertEqual(
            set(second),
            {
                *(
                    "number",
                    "task",
                    "title",
                    "bureau",
                    "division",
                    "state",
                    "commitment",
                ),
                *("locked_at", "announced_for", "drawn_at", "page_url"),
                *("certificate_url", "digest"),
            },
        )
        self.assertEqual(second["drawn_at"], "2025-09-02T01:30:00Z")
        certificate = self.url_open(second["certificate_url"]).content
        self.assertEqual(hashlib.sha256(certificate).hexdigest(), second["digest"])

    def test_the_index_of_draws_has_pages(self):
        self.patch(documents, "PER_PAGE", 1)
        other = self.make_task()
        other._lock_roster(now=other.lock_at)
        pages = [
            self.get(f"/supervision/draws.json?page={n}").json() for n in (1, 2, 3)
        ]
        self.assertEqual([len(page) for page in pages], [1, 1, 0])
        self.assertNotEqual(pages[0][0]["number"], pages[1][0]["number"])
        self.assertEqual(self.get("/supervision/draws.json?page=x").json(), pages[0])

    def test_a_voided_draw_stays_in_the_index_with_its_certificate(self):
        drawn = self.draw(self.make_task())
        drawn._void("名录库有误")
        row = next(
            row
            for row in self.get("/supervision/draws.json").json()
            if row["number"] == drawn.number
        )
        self.assertEqual(row["state"], "voided")
        certificate = json.loads(self.url_open(row["certificate_url"]).content)
        self.assertEqual(certificate["draw"]["void_reason"], "名录库有误")
        page = self.publications_of(drawn, "draw")[-1]._get_page_url()
        self.assertIn("名录库有误", self.text(page))

    def test_reasons_for_leaving_a_target_out_are_words_and_tell_of_no_open_case(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        addon = self.env["ir.module.module"].search([("name", "=", "srsp_disclosure")])
        addon._update_translations(["zh_CN"])
        payload = json.loads(self.certificate.payload)
        codes = [
            "suspended",
            "removed",
            "visit_cap",
            "interval",
            "external_case",
            "new",
        ]
        payload["excluded"] = [[f"CH-{code}", code] for code in codes]
        chinese = self.certificate.with_context(lang="zh_CN")
        values = chinese._get_page_values() | {"payload": payload}
        page = (
            self.env["ir.qweb"]
            .with_context(lang="zh_CN")
            ._render("srsp_disclosure.publication_draw", values)
        )
        rows = html.fromstring(page).xpath(
            "//details[summary[contains(., '未列入')]]//li"
        )
        rows = rows or html.fromstring(page).xpath("//li[contains(., 'CH-')]")
        self.assertEqual(
            [row.text_content().split(" · ")[1] for row in rows],
            [
                "名录库中已暂停",
                "已移出名录库",
                "本年度检查次数已达上限",
                "近期已检查",
                "按实施细则不列入本次抽取",
                "按实施细则不列入本次抽取",
            ],
        )

    def test_what_only_experts_need_is_closed_behind_technical_notes(self):
        roster = self.publications_of(self.drawn, "roster")
        commitment = json.loads(roster.payload)["commitment"]
        for publication, value in (
            (roster, commitment["code_hex"]),
            (self.certificate, commitment["code_hex"]),
            (self.certificate, self.certificate.digest),
        ):
            tree = html.fromstring(
                self.get(f"/supervision/publication/{publication.number}").content
            )
            found = tree.xpath(f"//*[text()='{value}']")
            self.assertTrue(found)
            for element in found:
                notes = element.xpath("ancestor::details")
                self.assertTrue(notes and "open" not in notes[0].attrib)
