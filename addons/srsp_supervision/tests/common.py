import base64
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user

SCAN = base64.b64encode(b"scan of the approval")
NOW = datetime(2026, 3, 20, 1, 0, 0)
DRAW_AT = datetime(2026, 3, 23, 1, 30, 0)
TODAY = date(2026, 3, 20)
DEADLINE = date(2026, 3, 31)
APPROVAL = {
    "approval_number": "2026-18",
    "approval_date": date(2026, 3, 18),
    "approval_scan": SCAN,
}
ROLES = (
    "inspector",
    "division_officer",
    "division_manager",
    "policy_officer",
    "auditor",
    "administrator",
)


class SrspCase(TransactionCase):
    """A small bureau: two divisions and the detachment, 119 surveying units, five officers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {"name": "Harbour Bureau", "srsp_area_code": "359900"}
        )
        cls.company.partner_id.lang = "en_US"
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(
            context=dict(
                cls.env.context,
                allowed_company_ids=[cls.company.id],
                tracking_disable=True,
            )
        )
        cls.surveying = cls._make_division("Surveying", "SV")
        cls.minerals = cls._make_division("Minerals", "MN")
        cls.detachment = cls._make_division("Detachment", "DT", kind="detachment")
        cls.sector = cls.env["srsp.sector"].create(
            {
                "name": "Surveying",
                "code": "SUR",
                "division_id": cls.surveying.id,
                "company_id": cls.company.id,
            }
        )
        cls.mining = cls.env["srsp.sector"].create(
            {
                "name": "Mining",
                "code": "MIN",
                "division_id": cls.minerals.id,
                "company_id": cls.company.id,
            }
        )
        cls.quiet = cls.env["srsp.sector"].create(
            {
                "name": "Quiet",
                "code": "QUI",
                "division_id": cls.surveying.id,
                "company_id": cls.company.id,
            }
        )
        cls.rulebook = cls.env["srsp.rulebook"].create(
            {
                "name": "Rulebook 2026",
                "effective_date": date(2026, 1, 1),
                "state": "published",
                "company_id": cls.company.id,
            }
        )
        cls.basis = cls._make_basis(article="Article 49")
        cls.list = cls._make_list()
        cls.targets = cls._make_targets(119)
        cls.officers = cls.env["srsp.inspector"].union(
            *(cls._make_inspector(f"SV-{number:02d}") for number in range(1, 6))
        )

    @contextmanager
    def _refused(self, words, error=UserError):
        """What follows raises ``error`` with ``words`` (a pattern) in its message, and leaves nothing behind."""
        with self.assertRaisesRegex(error, words), self.env.cr.savepoint():
            yield

    @classmethod
    def _make_division(cls, name, code, kind="business"):
        return cls.env["srsp.division"].create(
            {"name": name, "code": code, "kind": kind, "company_id": cls.company.id}
        )

    @classmethod
    def _make_list(cls):
        """A published item list with one item of each business division."""
        item_list = cls.env["srsp.list"].create(
            {"kind": "item", "company_id": cls.company.id}
        )
        cls.item = cls.env["srsp.item"].create(
            cls._item_vals(
                list_id=item_list.id, code="A1", name="Quality of surveying results"
            )
        )
        cls.env["srsp.item"].create(
            cls._item_vals(
                list_id=item_list.id,
                code="B1",
                name="Mining within the licence",
                division_id=cls.minerals.id,
                sector_id=cls.mining.id,
            )
        )
        return cls._publish_list(item_list)

    @classmethod
    def _publish_list(cls, version, **values):
        """Take a draft through the whole cycle, in superuser mode."""
        version.write(
            {
                "deadline": date(2099, 1, 1),
                "approval_number": f"2026-{version.version}",
                "approval_date": date(2026, 1, 5),
                "approval_scan": SCAN,
                "effective_date": date(2026, 1, 5),
                **values,
            }
        )
        version.action_open()
        version.part_ids.action_hand_in()
        version.action_consolidate()
        version.action_approve()
        version.action_publish()
        return version

    @classmethod
    def _make_basis(cls, title="Surveying and Mapping Law", **values):
        return cls.env["srsp.legal.basis"].create(
            {"title": title, "company_id": cls.company.id, **values}
        )

    @classmethod
    def _item_vals(cls, **values):
        return {
            "division_id": cls.surveying.id,
            "sector_id": cls.sector.id,
            "legal_basis_ids": [(6, 0, cls.basis.ids)],
            "ratio": 0.05,
            "frequency": 2,
            **values,
        }

    @classmethod
    def _make_targets(cls, count, sector=None, **values):
        entities = cls.env["srsp.entity"].create(
            [
                {"name": f"Unit {number:03d}", "company_id": cls.company.id}
                for number in range(1, count + 1)
            ]
        )
        sector = sector or cls.sector
        return cls.env["srsp.target"].create(
            [
                {
                    "entity_id": entity.id,
                    "sector_id": sector.id,
                    "risk_class": "B",
                    **values,
                }
                for entity in entities
            ]
        )

    @classmethod
    def _make_inspector(cls, staff_number, **values):
        return cls.env["srsp.inspector"].create(
            {
                "name": f"Officer {staff_number}",
                "staff_number": staff_number,
                "division_id": cls.surveying.id,
                "sector_ids": [(6, 0, (cls.sector | cls.mining | cls.quiet).ids)],
                "certificate_number": f"C-{staff_number}",
                "certificate_valid_until": date(2028, 12, 31),
                "company_id": cls.company.id,
                **values,
            }
        )

    @classmethod
    def _make_user(cls, login, role, divisions=None, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            f"test_{login}",  # the demo has people of the same names
            groups=f"srsp_supervision.group_{role}",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
            srsp_division_ids=[(6, 0, (divisions or cls.env["srsp.division"]).ids)],
        )

    @classmethod
    def _make_task(cls, **values):
        return cls.env["srsp.task"].create(
            {
                "name": "Surveying, spring",
                "division_id": cls.surveying.id,
                "sector_id": cls.sector.id,
                "item_ids": [(6, 0, cls.item.ids)],
                "date_from": date(2026, 3, 24),
                "date_to": date(2026, 6, 30),
                "company_id": cls.company.id,
                **values,
            }
        )

    @classmethod
    def _make_announced(cls, **values):
        """A task whose draw has been announced for DRAW_AT."""
        return cls._make_task(
            **{
                "draw_at": DRAW_AT,
                "lock_at": DRAW_AT - timedelta(hours=24),
                "announced_on": NOW,
                **values,
            }
        )

    @classmethod
    def _make_drawn(cls, **values):
        task = cls._make_announced(**values)
        task._lock_roster(NOW)._draw(DRAW_AT)
        return task

    @classmethod
    def _roster(cls, draw):
        return cls.env["srsp.draw.line"].search([("draw_id", "=", draw.id)])


class ListCase(SrspCase):
    """The bureau of SrspCase with the people of the cycle, on Friday 20 March 2026.

    ``policy`` opens and consolidates by role alone; ``chief`` heads the policy division. Surveying has a
    head and an officer; Minerals has no head, but a deputy and a clerk; the detachment has nobody.
    """

    deadline = DEADLINE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.regulations = cls._make_division("Regulations", "FG", kind="policy")
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.chief = cls._make_user("chief", "policy_officer", cls.regulations)
        cls.regulations.manager_id = cls.chief
        cls.head = cls._make_user("head", "division_manager", cls.surveying)
        cls.officer = cls._make_user("officer", "division_officer", cls.surveying)
        cls.surveying.manager_id = cls.head
        cls.deputy = cls._make_user("deputy", "division_manager", cls.minerals)
        cls.clerk = cls._make_user("clerk", "division_officer", cls.minerals)
        cls.administrator = cls._make_user("administrator", "administrator")

    def setUp(self):
        super().setUp()
        self._travel(TODAY)

    def _travel(self, day):
        """Let it be 10 o'clock in Beijing on ``day`` until the test ends, or travels on."""
        freezer = freeze_time(datetime.combine(day, time(2)))
        freezer.start()
        self.addCleanup(freezer.stop)

    def _make_draft(self):
        """A new version of the list in force, opened by the policy officer, without the detachment."""
        version = self.env["srsp.list"]._get_in_force("item", self.company)
        action = version.with_user(self.policy).action_new_version()
        draft = self.env["srsp.list"].with_user(self.policy).browse(action["res_id"])
        self._get_part(draft, self.detachment).unlink()
        return draft

    def _make_open_draft(self):
        draft = self._make_draft()
        draft.deadline = self.deadline
        draft.action_open()
        return draft

    def _get_part(self, draft, division):
        return draft.part_ids.filtered(lambda part: part.division_id == division)

    def _get_line(self, draft, code):
        return draft.item_ids.filtered(lambda item: item.code == code)

    def _hand_in(self, draft):
        self._get_part(draft, self.surveying).with_user(self.head).action_hand_in()
        self._get_part(draft, self.minerals).with_user(self.deputy).action_hand_in()

    def _approve(self, draft, **values):
        """Take a draft from its parts' being open to its approval."""
        if draft.state == "draft":
            self._hand_in(draft)
        draft.action_consolidate()
        draft.write(APPROVAL | values)
        draft.action_approve()

    def _publish(self, draft, **values):
        self._approve(draft, **values)
        draft.action_publish()

    def _get_todo(self, user):
        """What the user has been asked to do: [(record, summary, deadline)], the oldest first."""
        found = self.env["mail.activity"].search(
            [("user_id", "=", user.id)], order="id"
        )
        return [
            (
                self.env[activity.res_model].browse(activity.res_id),
                activity.summary,
                activity.date_deadline,
            )
            for activity in found
        ]
