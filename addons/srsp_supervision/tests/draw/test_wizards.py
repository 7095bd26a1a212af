"""A dialogue shows the name of what it is about: another bureau's draw is no business of its user."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import SrspCase


@tagged("post_install", "-at_install")
class TestWizards(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env["res.company"].create(
            {"name": "Other Bureau", "srsp_area_code": "350200"}
        )
        cls.stranger = cls._make_user("stranger", "administrator", company=other)
        task = cls._make_announced(mode="external")
        targets = {
            "srsp.draw": cls._make_drawn(name="Drawn").draw_id,
            "srsp.task": task,
            "srsp.list": cls.list,
            "srsp.rulebook": cls.rulebook,
            "srsp.inspector": cls.officers[0],
            "srsp.division": cls.surveying,
            "srsp.plan": cls.env["srsp.plan"].create(
                {"division_id": cls.surveying.id, "year": 2026}
            ),
        }
        cls.fields = [
            (name, field.name, targets[field.comodel_name].id)
            for name in sorted(cls.registry)
            if name.startswith("srsp.") and cls.registry[name]._transient
            for field in cls.registry[name]._fields.values()
            if field.type == "many2one" and field.comodel_name in targets
            if not field.related
        ]

    def test_every_dialogue_refuses_a_foreign_record_at_every_door(self):
        for model, name, target in self.fields:
            wizards = self.env[model].with_user(self.stranger)
            spec = {name: {"fields": {"display_name": {}}}}
            filled = wizards.with_context(**{f"default_{name}": target})
            for door in (
                lambda: wizards.create({name: target}),  # noqa: B023
                lambda: wizards.onchange({name: target}, [name], spec),  # noqa: B023
                lambda: filled.onchange({}, [], spec),  # noqa: B023
                lambda: filled.default_get([name]),  # noqa: B023
                lambda: wizards.browse(1).write({name: target}),  # noqa: B023
            ):
                with self.subTest(f"{model}.{name}"), self.assertRaises(AccessError):
                    door()
        self.assertGreater(len(self.fields), 8)
