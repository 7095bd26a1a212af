"""However a name is typed, it finds the same entity at every door, and makes no second one."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..base.test_spelling import BRACKETS, CORE, DOTS, spellings
from .registry_case import CODE, CODE_2, RegistryCase

NAME = "福州括号·测绘（集团）ABC有限公司"
TYPED = (
    "福州括号·测绘(集团)ABC有限公司",
    "福州括号•测绘〔集团〕abc有限公司",
    "福州括号测绘【集团】ＡＢＣ有限公司",
    " 福州\u3000括号\u200b・测绘\u00a0(集团）aBc 有限公司",
)
# Two characters that stand in no other entity's name, so that what is found is this one.
names = st.text(CORE + BRACKETS + DOTS, min_size=1, max_size=12).map("囍囍{}".format)


@tagged("post_install", "-at_install")
class TestOneEntity(RegistryCase):
    def _find(self, typed, user=None):
        """What the search boxes and the choice of a record in a form find of this bureau."""
        env = self.env(user=user or self.officer)
        mine = [("company_id", "=", self.company.id)]
        found = env["srsp.entity"].search([*mine, ("display_name", "ilike", typed)])
        chosen = env["srsp.entity"].name_search(typed, mine, limit=None)
        self.assertEqual([id_ for id_, _name in chosen], found.ids)
        listed = env["srsp.target"].search([*mine, ("display_name", "ilike", typed)])
        self.assertEqual(listed.entity_id, found)
        return found

    def _enter(self, name, **values):
        entity = self.env["srsp.entity"].create(
            {"name": name, "company_id": self.company.id, **values}
        )
        self.env["srsp.target"].create(
            {"entity_id": entity.id, "sector_id": self.sector.id}
        )
        return entity

    def _count(self):
        return self.env["srsp.entity"].search_count(
            [("company_id", "=", self.company.id)]
        )

    def test_every_spelling_finds_it(self):
        entity = self._enter(NAME, uscc=CODE)
        for typed in (*TYPED, "(集团)a", "（集团", "号.测", "测绘集团"):
            self.assertEqual(self._find(typed), entity, typed)
        wide = "".join(chr(ord(sign) + 0xFEE0) for sign in CODE)
        for typed in (wide, CODE.lower(), f"{CODE[:8]} {CODE[8:]}", CODE[:9].lower()):
            self.assertEqual(self._find(typed), entity, typed)
            if len(typed) > 9:
                found = self.env["srsp.entity"].search([("uscc", "=", typed)])
                self.assertEqual(found, entity, typed)

    def test_no_spelling_makes_a_second_one(self):
        self._enter(NAME, uscc=CODE)
        before = self._count()
        header = ["entity_name", "sector", "permit_number"]
        rows = [[typed, "SUR", f"P-{at}"] for at, typed in enumerate(TYPED)]
        record = self._check([header, *rows])
        self.assertEqual(
            {e.row for e in record.sudo().error_ids if e.label == "Credit Code"},
            set(range(2, 2 + len(TYPED))),
        )
        self.assertEqual(self._counts(record), (4, 0, 0, 0, 4))
        entities = self.env["srsp.entity"].with_user(self.officer)
        for typed in TYPED:
            with self._refused("in the registry already", ValidationError):
                entities.create({"name": typed})
            with self._refused("in the registry already", ValidationError):
                entities.name_create(typed)
            form = Form(entities)
            form.name = typed
            with self._refused("in the registry already", ValidationError):
                form.save()
        self.assertEqual(self._count(), before)

    def test_two_of_one_name_each_have_a_code_and_persons_may_share_a_name(self):
        self._enter(NAME, uscc=CODE)
        entities = self.env["srsp.entity"].with_user(self.officer)
        entities.create({"name": NAME, "uscc": CODE_2})
        for _ in range(2):
            entities.create({"name": "林晓", "kind": "person"})

    def test_rows_of_one_file_that_spell_a_name_differently_are_named(self):
        header = ["entity_name", "sector", "permit_number"]
        rows = [[typed, "SUR", f"P-{at}"] for at, typed in enumerate((NAME, *TYPED))]
        before = self._count()
        record = self._check([header, *rows])
        self.assertEqual(
            {(e.row, e.label, e.reason) for e in record.sudo().error_ids},
            {
                (row, "Entity Name", f"differs from row {other} of the same entity")
                for row, other in ((2, 6), (3, 2), (4, 2), (5, 2), (6, 2))
            },
        )
        self.assertEqual(self._count(), before)

    def test_a_code_in_one_spelling_is_asked_for_in_the_others(self):
        rows = [
            ["entity_name", "uscc", "sector", "permit_number"],
            [NAME, CODE, "SUR", "P-1"],
            [TYPED[1], "", "SUR", "P-2"],
        ]
        record = self._check(rows)
        self.assertEqual([e.row for e in record.sudo().error_ids], [3])
        self.assertIn(
            CODE, record.sudo().error_ids.reason + record.sudo().error_ids.value
        )

    def test_any_name_is_found_in_any_spelling(self):
        @settings(
            max_examples=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(names.flatmap(lambda name: st.tuples(st.just(name), spellings(name))))
        def check(pair):
            name, typed = pair
            with self.env.cr.savepoint() as point:
                entity = self._enter(name)
                self.assertEqual(self._find(typed), entity)
                with self._refused("in the registry already", ValidationError):
                    self.env["srsp.entity"].with_user(self.officer).create(
                        {"name": typed}
                    )
                point.rollback()
            self.env.invalidate_all(flush=False)

        check()
