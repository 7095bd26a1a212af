"""Any fragment of two characters finds a name by an index, and every search means what it meant without one."""

from contextlib import contextmanager
from unittest.mock import patch

from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ...models.registry import name_search
from ...models.registry.name_search import LOCALE
from ..common import SrspCase

NAMES = ["福州测绘院", "福建测绘规划公司", "Fuzhou Survey 50%", "a_b矿业", "矿", "绘测"]
FRAGMENTS = [
    "测绘",
    "福州测绘院",
    "福",
    "矿",
    "SURVEY",
    "su",
    "50%",
    "%",
    "_",
    "a_b",
    "州测",
    "绘院公",
    "",
]


@tagged("post_install", "-at_install")
class TestSearch(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entities = cls.env["srsp.entity"].create(
            [{"name": name, "company_id": cls.company.id} for name in NAMES]
        )
        cls.entities[0].uscc = "91110000600037341L"
        cls.found = cls.env["srsp.target"].create(
            [
                {
                    "entity_id": entity.id,
                    "sector_id": cls.sector.id,
                    "name": f"{entity.name}砂岩矿",
                    "permit_number": f"乙测资字{number:04d}a",
                }
                for number, entity in enumerate(cls.entities, 1)
            ]
        )
        cls.company_domain = [("company_id", "=", cls.company.id)]

    def _plan(self, query):
        """How PostgreSQL answers a query when it may read no table and no index from end to end.

        What it knows of the size of a table is not the test's to say, so it is left no choice: a bitmap is read from
        an index under a condition alone.
        """
        self.env.flush_all()
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            self.env.cr.execute(f"SET LOCAL enable_{way} = off")
        self.env.cr.execute(query.select())
        statement = self.env.cr.query.decode()
        self.env.cr.execute(f"EXPLAIN {statement}")
        return "\n".join(line for [line] in self.env.cr.fetchall())

    def test_every_fragment_finds_what_it_finds_without_the_index(self):
        entities = self.env["srsp.entity"]
        for operator in ("ilike", "like", "not ilike", "=ilike", "=like"):
            for fragment in FRAGMENTS:
                domain = [*self.company_domain, ("name", operator, fragment)]
                found = entities.search(domain)
                with self._plain():
                    self.assertEqual(
                        found, entities.search(domain), (operator, fragment)
                    )
        self.assertEqual(
            entities.search(
                [*self.company_domain, ("name", "ilike", "测绘")], order="id"
            ),
            self.entities[:2],
        )

    def test_blanks_and_wide_letters_hide_no_name(self):
        for fragment in ("测 绘", " 测绘", "测\u3000绘"):
            for name in ("name", "display_name"):
                found = self.env["srsp.entity"].search(
                    [*self.company_domain, (name, "ilike", fragment)], order="id"
                )
                self.assertEqual(found, self.entities[:2], (name, fragment))

    @contextmanager
    def _plain(self):
        """Names searched as any other text."""
        field = type(self.env["srsp.entity"]._fields["name"])
        with patch.object(
            field, "condition_to_sql", super(field, field).condition_to_sql
        ):
            yield

    def test_two_characters_are_looked_up_in_the_index(self):
        entities = self.env["srsp.entity"]
        self.assertIn(
            "srsp_entity_name_bigrams",
            self._plan(entities._search([("name", "ilike", "测绘")])),
        )
        self.assertNotIn(
            "bigrams", self._plan(entities._search([("name", "ilike", "测")]))
        )
        named = self._plan(entities._search([("display_name", "ilike", "测绘")]))
        self.assertIn("srsp_entity_name_bigrams", named)
        self.assertIn("srsp_entity_code_uniq", named)

    def test_the_list_of_targets_looks_up_names_codes_and_permits_each_in_its_index(
        self,
    ):
        plan = self._plan(
            self.env["srsp.target"]._search([("display_name", "ilike", "测绘")])
        )
        for index in (
            "srsp_entity_name_bigrams",
            "srsp_target_code_uniq",
            "srsp_target_name_bigrams",
            "srsp_target_permit_bigrams",
        ):
            self.assertIn(f"Bitmap Index Scan on {index}", plan)

    def test_the_boxes_of_both_lists_look_in_the_indexes(self):
        for name in ("srsp.entity", "srsp.target"):
            model = self.env[name]
            view = etree.fromstring(model.get_view(view_type="search")["arch"])
            text = view.xpath("//field[@filter_domain]/@filter_domain")[0]
            domain = safe_eval(text, {"self": "测绘"})
            found = model.search(domain + self.company_domain)
            self.assertIn(
                self.found[0], found if name == "srsp.target" else found.target_ids
            )
            plan = self._plan(model._search(domain))
            self.assertNotIn("Seq Scan", plan)

    def test_one_box_finds_names_codes_and_permits(self):
        target = self.found[0]
        for typed in (
            "州测",
            "福州测绘院",
            target.code,
            target.code.lower(),
            target.code[:-1],
            "91110000600037341l",
            "911100006",
            "乙测资字0001",
            " 乙测资字0001a ",
            "字0001",
            "0001A",
            "院砂岩",
        ):
            found = self.env["srsp.target"].search(
                [*self.company_domain, ("display_name", "ilike", typed)]
            )
            self.assertIn(target, found, typed)
            self.assertEqual(
                self.env["srsp.target"].name_search(
                    typed, self.company_domain, limit=None
                ),
                [(t.id, t.display_name) for t in found],
            )
        for typed in ("911100006", "州测"):
            [found] = self.env["srsp.entity"].name_search(typed, self.company_domain)
            self.assertEqual(found[0], target.entity_id.id)
        for typed in ("测绘院福", "0002", "岩院", "b_b"):
            found = self.env["srsp.target"].search(
                [*self.company_domain, ("display_name", "ilike", typed)]
            )
            self.assertNotIn(target, found, typed)
        self.assertEqual(
            self.env["srsp.target"].search_count(
                [*self.company_domain, ("display_name", "ilike", "")]
            ),
            119 + len(NAMES),
        )

    def test_the_search_shows_nobody_more_than_his_own(self):
        clerk = self._make_user("clerk", "division_officer", self.minerals)
        found = (
            self.env["srsp.target"]
            .with_user(clerk)
            .search([("display_name", "ilike", "测绘")])
        )
        self.assertFalse(found)

    def test_letters_that_unaccent_makes_alike_are_not_left_to_the_index(self):
        field = self.env["srsp.entity"]._fields["name"]
        with patch.object(self.registry, "has_unaccent", True):
            entities = self.env["srsp.entity"]
            chinese = entities._search([("name", "ilike", "测绘")]).select().code
            latin = field.condition_to_sql(
                "name", "ilike", "été", entities, "srsp_entity", None
            ).code
        self.assertIn("srsp_bigrams", chinese)
        self.assertNotIn("srsp_bigrams", latin)

    def test_a_database_that_knows_no_chinese_is_refused_at_once(self):
        name_search.check_locale(self.env)
        plain = LOCALE.replace("'é'", "'é' COLLATE \"C\"")
        with (
            patch.object(name_search, "LOCALE", plain),
            self._refused("cannot handle Chinese text .*C\\.UTF-8"),
        ):
            name_search.check_locale(self.env)
