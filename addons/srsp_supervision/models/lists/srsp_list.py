import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools import canonical, clock
from ..base.srsp_division import INSPECTING

OPEN_STATES = ("draft", "submitted", "consolidated", "approved")


class SrspList(models.Model):
    """One numbered version of one of the two lists (两单).

    ``draft → submitted → consolidated → approved → published → superseded``. The policy division opens a
    version with a deadline; each division called edits its own part, a copy of what is in force, and hands
    it in; with the last part the version is submitted. Approval freezes it. A published version takes
    effect on its date and supersedes the one before; a correction is a new version.
    """

    _name = "srsp.list"
    _description = "Supervision list"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "kind desc, version desc"
    _check_company_auto = True
    _rec_names_search = ["approval_number"]
    _guarded_fields = ("state", "version", "opened_on", "published_on", "origin_id")

    name = fields.Char(compute="_compute_name")
    kind = fields.Selection(
        [("item", "Item list"), ("duty", "Duty list")], required=True, default="item"
    )
    version = fields.Integer(required=True, copy=False, default=0)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("consolidated", "Consolidated"),
            ("approved", "Approved"),
            ("published", "Published"),
            ("superseded", "Superseded"),
        ],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    origin_id = fields.Many2one(
        "srsp.list", "Copied From", readonly=True, index=True, copy=False
    )
    purpose = fields.Text(
        "Why This Version",
        copy=False,
        help="What the divisions are asked to look at; shown with the call.",
    )
    deadline = fields.Date(
        "Hand In Until", copy=False, tracking=True, help="Of the divisions called."
    )
    opened_on = fields.Datetime("Parts Called On", readonly=True, copy=False)
    approval_number = fields.Char("Approval Document", copy=False, tracking=True)
    approval_date = fields.Date(copy=False, tracking=True)
    approval_scan = fields.Binary(
        "Scan of the Approval", attachment=True, copy=False, prefetch=False
    )
    approval_scan_name = fields.Char(copy=False)
    effective_date = fields.Date(copy=False, tracking=True)
    published_on = fields.Date(readonly=True, copy=False)
    is_in_force = fields.Boolean(
        "In Force", compute="_compute_is_in_force", search="_search_is_in_force"
    )
    part_ids = fields.One2many("srsp.list.part", "list_id", "Parts", copy=False)
    # Stored, so that handing in writes the version's row: of two divisions that do it at once, one is tried
    # again and sees that it is the last.
    part_count = fields.Integer(
        "Divisions Called", compute="_compute_part_count", store=True
    )
    handed_in_count = fields.Integer(
        "Handed In", compute="_compute_part_count", store=True
    )
    item_ids = fields.One2many("srsp.item", "list_id", "Items", copy=True)
    duty_ids = fields.One2many("srsp.duty", "list_id", "Duties", copy=True)
    line_count = fields.Integer(compute="_compute_line_count")
    repealed_count = fields.Integer(
        "Lines on a Repealed Basis", compute="_compute_repealed_count"
    )
    sector_warning = fields.Text(compute="_compute_sector_warning")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _version_uniq = models.UniqueIndex(
        "(company_id, kind, version)", "This version of the list exists already."
    )

    @api.depends("kind", "version")
    @api.depends_context("lang")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.name = self.env._(
                "%(kind)s, version %(version)s",
                kind=labels[record.kind],
                version=record.version,
            )

    @api.depends("item_ids", "duty_ids")
    def _compute_line_count(self):
        for record in self:
            record.line_count = len(record._get_lines())

    @api.depends("item_ids.legal_basis_ids", "duty_ids.legal_basis_ids")
    def _compute_repealed_count(self):
        for record in self:
            lines = record._get_lines()
            record.repealed_count = len(lines.filtered("repealed_basis"))

    @api.depends("part_ids.state")
    def _compute_part_count(self):
        counts = {
            (version.id, state): count
            for version, state, count in self.env["srsp.list.part"]
            .sudo()
            ._read_group(
                [("list_id", "in", self.ids)], ["list_id", "state"], ["__count"]
            )
        }
        for record in self:
            by_state = {
                state: n
                for (version, state), n in counts.items()
                if version == record.id
            }
            record.part_count = sum(by_state.values())
            record.handed_in_count = by_state.get("handed_in", 0)

    @api.depends("item_ids.sector_id", "item_ids.division_id")
    @api.depends_context("lang")
    def _compute_sector_warning(self):
        for record in self:
            record.sector_warning = record.item_ids._describe_foreign_sectors()

    @api.depends("state", "effective_date")
    def _compute_is_in_force(self):
        ids = self._find_in_force_ids()
        for record in self:
            record.is_in_force = record.id in ids

    @api.model
    def _search_is_in_force(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = Domain("id", "in", list(self._find_in_force_ids()))
        return found if True in value else ~found

    @api.model
    def _find_in_force_ids(self, date=None):
        """Ids of the versions in force on ``date`` (today): per company and kind the latest to take effect."""
        self.flush_model()
        date = date or clock.today()
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (company_id, kind) id FROM srsp_list
             WHERE state IN ('published', 'superseded') AND effective_date <= %s
             ORDER BY company_id, kind, effective_date DESC, version DESC
            """,
            [date],
        )
        return {row[0] for row in self.env.cr.fetchall()}

    @api.model
    def _get_in_force(self, kind, company, date=None):
        """The version of ``kind`` in force on ``date`` (today if none is given), or an empty set."""
        return (
            self.sudo()
            .browse(self._find_in_force_ids(date))
            .filtered(
                lambda record: record.kind == kind and record.company_id == company
            )
        )

    def _get_lines(self):
        """The items or duties of the version, those that the user may read."""
        self.ensure_one()
        return self.item_ids if self.kind == "item" else self.duty_ids

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        for record in lists.sudo().filtered(lambda record: not record.version):
            domain = [
                ("company_id", "=", record.company_id.id),
                ("kind", "=", record.kind),
                ("id", "!=", record.id),
            ]
            last = self.sudo().search(domain, order="version desc", limit=1)
            record.version = last.version + 1
        for record, vals in zip(lists, vals_list, strict=True):
            record._check_only_one_open()
            if not self.env.su:
                record._copy_last()
            if not vals.get("part_ids"):  # which a new form sends empty
                record.sudo()._call_all()
        return lists

    def _copy_last(self):
        """Begin a version that a user opens by hand with the lines of the last one published."""
        base, draft = self._find_base(), self.sudo()
        if base and not draft._get_lines():
            draft.origin_id = base
            base.sudo()._get_lines().copy({"list_id": draft.id})

    def _check_only_one_open(self):
        other = self.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("state", "in", OPEN_STATES),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if other:
            raise UserError(
                self.env._(
                    "%(list)s is still being prepared: publish it, or delete it, before you open another version.",
                    list=other.name,
                )
            )

    def _call_all(self):
        """Put every division that has something to say on the list of those to be called."""
        divisions = self.env["srsp.division"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "in", INSPECTING),
            ]
        )
        led = self._get_lines().division_id.filtered(
            lambda division: division.active and division.kind != "external"
        )
        self.part_ids = [
            (0, 0, {"division_id": division.id}) for division in divisions | led
        ]

    def _get_seal_payload(self):
        """What the integrity chain keeps of a published version: digests of its words and of its approval."""
        rows = [line._get_sealed_row() for line in self._get_lines()]
        scan = base64.b64decode(self.with_context(bin_size=False).approval_scan or b"")
        return {
            "kind": self.kind,
            "version": self.version,
            "approval_number": self.approval_number or "",
            "approval_date": fields.Date.to_string(self.approval_date) or "",
            "approval_scan_sha256": hashlib.sha256(scan).hexdigest(),
            "effective_date": fields.Date.to_string(self.effective_date),
            "lines": len(rows),
            "lines_digest": canonical.digest(rows),
        }
