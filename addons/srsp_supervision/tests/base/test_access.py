from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..common import ROLES, SrspCase

MODELS = (
    "division sector calendar.day calendar.exception rulebook list list.part legal.basis method item duty entity"
    " target target.change"
    " key.target"
    " registry.health registry.confirmation registry.import registry.import.column registry.import.change"
    " registry.import.error"
    " region tag qualification target.permit inspector inspector.certificate inspector.absence inspector.tie"
    " recusal training publicity"
    " plan task task.stratum task.roster coverage coverage.frequency draw draw.iteration draw.line draw.return"
    " draw.request draw.witness"
    " event event.change event.row event.check chain.head"
    " inspection inspection.line rectification"
)
WIZARDS = (
    "draw.change draw.opening draw.randomness list.comparison list.import reason rulebook.effects"
    " task.roster.import plan.generation"
)
# What those who keep a registry may do with their own imports.
IMPORTS = {
    "registry.import": "rwc",
    "registry.import.column": "rw",
    "registry.import.change": "r",
    "registry.import.error": "r",
}
# What each role may do with each model at all: r(ead), w(rite), c(reate), u(nlink).
EXPECTED = {
    "inspector": dict.fromkeys(MODELS.split(), "r")
    | dict.fromkeys(("recusal", "inspector.absence", "inspector.tie"), "rwc")
    | dict.fromkeys(IMPORTS, "")
    | dict.fromkeys(
        "draw.request draw.return event event.change event.row event.check".split(), ""
    )
    | {"inspection": "rw", "inspection.line": "rw"},
    "auditor": dict.fromkeys(MODELS.split(), "r"),
    "policy_officer": dict.fromkeys(MODELS.split(), "r")
    | dict.fromkeys(
        "rulebook list list.part legal.basis method item duty plan task task.stratum training publicity region tag"
        " qualification".split(),
        "rwcu",
    )
    | dict.fromkeys(("key.target", "calendar.exception"), "rwc"),
}
EXPECTED["division_officer"] = EXPECTED["inspector"] | {
    "item": "rwcu",
    "duty": "rwcu",
    "plan": "rwcu",
    "task": "rwcu",
    "task.stratum": "rwcu",
    "entity": "rwc",
    "target": "rwc",
    "target.permit": "rwcu",
    "key.target": "rwc",
    "rectification": "rw",
    "training": "rwcu",
    "publicity": "rwcu",
    "draw.request": "r",
    **IMPORTS,
}
EXPECTED["division_manager"] = EXPECTED["division_officer"] | {
    "inspector": "rwc",
    "inspector.certificate": "rwc",
}
EXPECTED["administrator"] = (
    EXPECTED["division_manager"]
    | EXPECTED["policy_officer"]
    | {
        "division": "rwcu",
        "sector": "rwcu",
        "calendar.exception": "rwc",
        "entity": "rwc",
        "target": "rwc",
        "target.permit": "rwcu",
        "inspector": "rwc",
        "inspector.certificate": "rwc",
        "inspector.absence": "rwc",
        "inspector.tie": "rwc",
        "recusal": "rwc",
        "inspection": "rw",
        "inspection.line": "rw",
        "rectification": "rw",
        **IMPORTS,
    }
)


@tagged("post_install", "-at_install")
class TestAccess(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls._make_user(f"user_{role}", role, cls.surveying) for role in ROLES
        }

    def _as(self, role, record):
        return record.with_user(self.users[role])

    def test_access_rows_say_exactly_this(self):
        rows = self.env["ir.model.access"]
        for role in ROLES:
            found = {
                name: "".join(
                    letter
                    for letter, operation in zip(
                        "rwcu", ("read", "write", "create", "unlink"), strict=True
                    )
                    if self._as(role, rows).check(f"srsp.{name}", operation, False)
                )
                for name in MODELS.split()
            }
            self.assertEqual(found, EXPECTED[role], role)

    def test_no_model_was_forgotten_here(self):
        names = {
            name.removeprefix("srsp.")
            for name, model in self.registry.items()
            if model._original_module == "srsp_supervision" and not model._abstract
        }
        self.assertEqual({*MODELS.split(), *WIZARDS.split()}, names)

    def test_every_model_has_access_rows_and_a_company_rule(self):
        names = [
            name
            for name in self.registry
            if name.startswith("srsp.") and self.registry[name]._auto
        ]
        for name in names:
            model = self.env["ir.model"]._get(name)
            self.assertTrue(model.access_ids, name)
            if (
                not self.registry[name]._transient
                and "company_id" in self.env[name]._fields
            ):
                rules = model.rule_ids.filtered(
                    lambda rule: not rule.groups and "company_ids" in rule.domain_force
                )
                self.assertTrue(rules, name)

    def test_what_a_wizard_keeps_is_for_whoever_opened_it(self):
        officer = self.users["division_officer"]
        for name in WIZARDS.split():
            rules = self.env["ir.rule"].with_user(officer)
            for mode in ("read", "write", "create", "unlink"):
                self.assertEqual(
                    list(rules._compute_domain(f"srsp.{name}", mode)),
                    [("create_uid", "in", [officer.id])],
                    (name, mode),
                )

    def test_a_division_keeps_to_its_own_registry_and_tasks(self):
        task = self._make_task(
            name="Theirs", division_id=self.minerals.id, sector_id=self.mining.id
        )
        [target] = self._make_targets(1, sector=self.mining)
        for role in ("inspector", "division_officer", "division_manager"):
            for record in (task, target):
                with self.assertRaises(AccessError):
                    self._as(role, record).read(["name"])
        self.assertEqual(
            self._as("division_officer", self.env["srsp.target"]).search_count(
                [("company_id", "=", self.company.id)]
            ),
            119,
        )
        for role in ("policy_officer", "auditor", "administrator"):
            self.assertEqual(self._as(role, task).name, "Theirs")
            self.assertEqual(self._as(role, target).sector_id, self.mining)
        with self.assertRaises(AccessError):
            self._as("division_manager", self.env["srsp.task"]).create(
                {
                    "name": "Foreign",
                    "division_id": self.minerals.id,
                    "sector_id": self.mining.id,
                    "ratio": 0.05,
                }
            )

    def test_a_cooperating_division_reads_the_task_but_does_not_change_it(self):
        task = self._make_drawn(
            division_id=self.minerals.id,
            cooperating_division_ids=[(6, 0, self.surveying.ids)],
        )
        self.assertEqual(self._as("division_officer", task).name, task.name)
        self.assertEqual(
            self._as("division_officer", task.inspection_ids[0]).task_id, task
        )
        self.assertTrue(
            self._as("division_officer", task.draw_id.drawn_line_ids).mapped("label")
        )
        with self.assertRaises(AccessError):
            self._as("division_officer", task).check_access("write")
        with self.assertRaises(AccessError):
            self._as("division_officer", task.inspection_ids[0]).write(
                {"scheduled_date": "2026-04-01"}
            )

    def test_an_inspector_sees_the_visits_of_his_own_teams_alone(self):
        task = self._make_drawn()
        mine = task.inspection_ids[0]
        mine.officer_ids[0].user_id = self.users["inspector"]
        visible = self._as("inspector", self.env["srsp.inspection"]).search([])
        self.assertEqual(
            visible,
            task.inspection_ids.filtered(
                lambda visit: self.users["inspector"] in visit.officer_ids.user_id
            ),
        )
        self.assertIn(mine, visible)

    def test_moving_a_user_to_another_division_takes_effect_at_once(self):
        officer = self.users["division_officer"]
        count = (
            self.env["srsp.target"]
            .with_user(officer)
            .search_count([("sector_id", "=", self.sector.id)])
        )
        self.assertEqual(count, 119)
        self.surveying.member_ids -= officer
        self.assertEqual(
            self.env["srsp.target"]
            .with_user(officer)
            .search_count([("sector_id", "=", self.sector.id)]),
            0,
        )

    def test_shared_methods_are_kept_by_the_administrator_of_the_system(self):
        """A bureau's own administrator would rename them for every other bureau."""
        policy = self._make_user("policy", "policy_officer")
        administrator = self._make_user("administrator", "administrator")
        shared = self.env.ref("srsp_supervision.method_on_site")
        for user in (policy, administrator):
            with self.assertRaises(AccessError):
                shared.with_user(user).name = "Renamed"
        administrator.group_ids |= self.env.ref("base.group_system")
        shared.with_user(administrator).name = "Renamed"
        own = shared.with_user(policy).create({"name": "By telephone"})
        self.assertEqual(own.company_id, self.company)
        own.name = "By video"

    def test_one_bureau_never_sees_another(self):
        other = self.env["res.company"].create(
            {"name": "Other Bureau", "srsp_area_code": "350200"}
        )
        stranger = self._make_user("stranger", "administrator", company=other)
        task = self._make_drawn()
        for record in (
            task,
            task.draw_id,
            self._roster(task.draw_id)[0],
            task.inspection_ids[0],
            self.targets[0],
            self.targets[0].entity_id,
            self.officers[0],
            self.list,
            self.list.part_ids[0],
            self.item,
            self.basis,
            self.rulebook,
            self.surveying,
        ):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])

    def test_recusals_stay_with_those_who_need_them(self):
        recusal = self.env["srsp.recusal"].create(
            {
                "inspector_id": self.officers[0].id,
                "entity_id": self.targets[0].entity_id.id,
                "reason": "Sister",
                "date_from": "2026-01-01",
            }
        )
        draw = self._make_drawn().draw_id
        for role in ("inspector", "division_officer", "auditor"):
            with self.assertRaises(AccessError):
                self._as(role, recusal).read(["reason"])
        for role in ("division_manager", "policy_officer"):
            self.assertEqual(self._as(role, recusal).reason, "Sister")
        for role in set(ROLES) - {"auditor"}:
            with self.assertRaises(AccessError):
                self._as(role, draw).read(["classes"])
        self.assertEqual(set(self._as("auditor", draw).classes), {"1f", "1e"})

    def test_evidence_is_read_only_to_everyone(self):
        draw = self._make_drawn().draw_id
        for role in ROLES:
            for record in (draw, draw.iteration_ids, self._roster(draw)[0]):
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(
                        self._as(role, record).has_access(operation),
                        (role, record._name, operation),
                    )

    def test_code_gets_defaults_of_the_context_only_where_the_user_could_set_them(self):
        for model, name, value, found in (
            ("srsp.qualification", "note", "Diploma", {"note": "Diploma"}),
            ("srsp.region", "label", "Elsewhere", {}),  # guarded
            ("srsp.draw", "state", "drawn", {"state": "committed"}),  # read-only
            ("srsp.event", "kind", "draw.drawn", {}),
        ):
            records = self._as("policy_officer", self.env[model]).sudo()
            records = records.with_context(**{f"default_{name}": value})
            self.assertEqual(records.default_get([name]), found, model)

    def test_steps_that_steer_a_draw_are_reserved(self):
        task = self._make_announced()
        for role in ("inspector", "division_officer", "auditor"):
            for method in ("action_announce", "action_lock_roster", "action_draw"):
                with self.assertRaises(AccessError):
                    getattr(self._as(role, task), method)()
        draw = self._make_drawn(name="Drawn").draw_id
        for role in ("inspector", "division_officer", "auditor"):
            requests = self._as(role, self.env["srsp.draw.request"])
            with self.assertRaises(AccessError):
                requests._request(draw, {"kind": "void", "reason": "No"})
