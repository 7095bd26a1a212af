import base64
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user

from ..models.base.silence import SILENT
from ..models.draw import one_time_codes
from ..tools.clock import iso

SCAN = base64.b64encode(b"scan of the approval")
NOW = datetime(2026, 3, 20, 1, 0, 0)
DRAW_AT = datetime(2026, 3, 23, 1, 30, 0)
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
            {
                "name": "Harbour Bureau",
                "srsp_area_code": "359900",
                "srsp_language": "en_US",
            }
        )
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(
            context=dict(
                cls.env.context,
                allowed_company_ids=[cls.company.id],
                tracking_disable=SILENT,
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
        cls.method = cls.env["srsp.method"].create(
            {"name": "On site", "company_id": cls.company.id}
        )
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

    def _find_broken(self):
        """The first event of the chain that a check finds broken, or none."""
        findings, _counts = self.env["srsp.event.check"]._walk(self.company)
        number = findings[0][0] if findings else 0
        return self.env["srsp.event"].search(
            [("company_id", "=", self.company.id), ("sequence", "=", number)]
        )

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
            "inspecting_body": "The bureau",
            "target": "Licensed units",
            "content": "Licence in general",
            "standard": "As the law says",
            "method_ids": cls.method.ids,
            "ratio": 0.05,
            "frequency": 2,
            **values,
        }

    @classmethod
    def _make_duty(cls, **values):
        """The only duty of a new duty list: joint, Surveying leads."""
        duties = cls.env["srsp.list"].create(
            {"kind": "duty", "company_id": cls.company.id}
        )
        return cls.env["srsp.duty"].create(
            {
                "list_id": duties.id,
                "code": "D1",
                "name": "Joint",
                "division_id": cls.surveying.id,
                "cooperating_division_ids": cls.minerals.ids,
                "legal_basis_ids": cls.basis.ids,
                **values,
            }
        )

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
    def _make_region(cls, name, parent=None, code=None, **values):
        """A region of the bureau's register; its code is the next one."""
        register = cls.env["srsp.region"].with_context(active_test=False)
        count = register.search_count([("company_id", "=", cls.company.id)])
        return cls.env["srsp.region"].create(
            {
                "name": name,
                "code": code or f"3599{count:02d}",
                "parent_id": parent.id if parent else False,
                "company_id": cls.company.id,
                **values,
            }
        )

    @classmethod
    def _make_filter(cls, targets):
        """A target filter for ``targets`` alone, who come to lie in a region of their own."""
        name = f"Pool {targets.ids}"
        known = [("company_id", "=", cls.company.id), ("name", "=", name)]
        region = cls.env["srsp.region"].search(known) or cls._make_region(name)
        targets.region_id = region
        return f"[('region_id', '=', {region.id})]"

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
                "ad_hoc_reason": "A complaint",
                "approval_state": "approved",
                "stratify_by": "none",
                "stratify_reason": "One pool",
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
    def _get_codes(cls, draw):
        """Return all codes of ``draw`` as it reveals them, and last the commitment, in hexadecimal."""
        moment = iso(draw.announced_for)
        nonce = bytes.fromhex(draw.sudo().nonce)
        chain = one_time_codes._make_chain(cls.env, nonce, draw.n, moment)
        return [code.hex() for code in [*chain[-2::-1], chain[-1]]]

    @classmethod
    def _roster(cls, draw):
        return cls.env["srsp.draw.line"].search([("draw_id", "=", draw.id)])
