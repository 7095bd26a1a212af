import re

from stdnum.cn import ric

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_list

from ...tools import uscc
from ...tools.identity import HIDDEN, mask

# Texts that others get to read.
READ_TEXTS = (
    "name address legal_representative business_scope registering_authority supervising_body"
    " contact_name contact_phone contact_mobile"
).split()


class SrspEntity(models.Model):
    """Whom the law obliges: an enterprise, an institution, a project, a person.

    Known by its unified social credit code (GB 32100-2015); one without gets a generated code. The
    identity number of a natural person (GB 11643-1999) is kept only where somebody enters it; it is
    shown with all but its ends hidden, and neither exported nor published.
    """

    _name = "srsp.entity"
    _description = "Entity"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    kind = fields.Selection(
        [
            ("enterprise", "Enterprise"),
            ("individual", "Individual business"),
            ("institution", "Institution"),
            ("project", "Project"),
            ("area", "Sea area or island"),
            ("person", "Natural person"),
        ],
        required=True,
        default="enterprise",
        tracking=True,
    )
    uscc = fields.Char("Credit Code", size=18, copy=False, tracking=True)
    code = fields.Char(
        compute="_compute_code",
        store=True,
        help="The credit code, or a generated code without one.",
    )
    region_id = fields.Many2one(
        "srsp.region", check_company=True, ondelete="restrict", tracking=True
    )
    region = fields.Char("Name of the Region", related="region_id.label", store=True)
    address = fields.Char()
    legal_representative = fields.Char()
    founded_on = fields.Date("Founded")
    business_scope = fields.Text()
    registering_authority = fields.Char()
    supervising_body = fields.Char(
        help="Who supervises it from day to day, e.g. a district's branch bureau."
    )
    registration_state = fields.Selection(
        [
            ("registered", "Registered"),
            ("suspended", "Business suspended"),
            ("revoked", "Licence revoked"),
            ("deregistered", "Deregistered"),
            ("moved", "Moved away"),
        ],
        tracking=True,
        help="As the registering authority has it; empty: not known.",
    )
    # Never published and never sent to a platform.
    contact_name = fields.Char("Contact")
    contact_phone = fields.Char("Telephone")
    contact_mobile = fields.Char("Mobile")
    tag_ids = fields.Many2many(
        "srsp.tag", "srsp_entity_tag_rel", "entity_id", "tag_id", "Tags"
    )
    identity_number = fields.Char(
        "Full Identity Number", copy=False, groups=fields.NO_ACCESS
    )
    identity_masked = fields.Char(
        "Identity Number",
        compute="_compute_identity_masked",
        inverse="_inverse_identity_masked",
        compute_sudo=True,
        copy=False,
        help="Of a natural person, only where it is needed. Nobody sees all of it again.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    target_ids = fields.One2many("srsp.target", "entity_id", "Targets")
    inspection_ids = fields.One2many("srsp.inspection", "entity_id", "Inspections")
    rectification_ids = fields.One2many(
        "srsp.rectification", "entity_id", "Rectifications"
    )

    _uscc_uniq = models.UniqueIndex(
        "(uscc, company_id) WHERE uscc IS NOT NULL",
        "An entity with this credit code exists already.",
    )
    _code_uniq = models.UniqueIndex(
        "(code, company_id)", "An entity with this code exists already."
    )

    @api.depends("uscc")
    def _compute_code(self):
        for entity in self:
            if entity.uscc:
                entity.code = entity.uscc
            elif not entity.code or uscc.is_valid(entity.code):
                entity.code = self.env["ir.sequence"].sudo().next_by_code("srsp.entity")

    @api.depends("identity_number")
    def _compute_identity_masked(self):
        for entity in self:
            entity.identity_masked = mask(entity.identity_number or "")

    def _inverse_identity_masked(self):
        """Keep a number that was typed in; what is hidden stays as it is."""
        for entity in self:
            number = "".join((entity.identity_masked or "").split()).upper()
            if HIDDEN not in number:
                entity.sudo().identity_number = number or False

    @api.constrains("uscc")
    def _check_uscc(self):
        for entity in self.filtered("uscc"):
            if uscc.is_valid(entity.uscc) and uscc.clean(entity.uscc) == entity.uscc:
                continue
            raise ValidationError(
                self.env._(
                    "%(name)s: credit code “%(code)s” is not valid; 18 digits and capital letters, the last one a"
                    " check digit (GB 32100-2015).",
                    name=entity.name,
                    code=entity.uscc,
                )
            )

    @api.constrains(*READ_TEXTS)
    def _check_no_identity_number(self):
        self._refuse_identity_number(*READ_TEXTS)

    @api.constrains("kind", "uscc", "identity_number")
    def _check_identity(self):
        """A person has no credit code (it would be published), and nobody else an identity number."""
        for entity in self.sudo():
            number = entity.identity_number
            if entity.kind == "person" and entity.uscc:
                raise ValidationError(
                    self.env._(
                        "%(name)s: a natural person is not entered with a credit code; it would be published.",
                        name=entity.name,
                    )
                )
            if number and entity.kind != "person":
                raise ValidationError(
                    self.env._(
                        "%(name)s: only a natural person has an identity number.",
                        name=entity.name,
                    )
                )
            if number and not (
                re.fullmatch(r"\d{17}[\dX]", number)
                and ric.calc_check_digit(number) == number[-1]
            ):
                raise ValidationError(
                    self.env._(
                        "%(name)s: the identity number is not valid; 18 digits, the last one a check digit or X.",
                        name=entity.name,
                    )
                )

    def _check_access(self, operation):
        """Say whose it is, where an entity is kept from a division because another one has it in its registry too."""
        result = super()._check_access(operation)
        if not result or operation != "write":
            return result
        if super(SrspEntity, self.browse())._check_access("write"):  # no entity at all
            return result
        shared = result[0][:1]._filtered_access("read")
        others = shared.sudo().target_ids.division_id - self.env.user.srsp_division_ids
        if not others:
            return result
        message = self.env._(
            "“%(name)s” is in the registry of %(divisions)s too: what divisions share, an administrator changes.",
            name=shared.name,
            divisions=format_list(self.env, others.mapped("name")),
        )
        return result[0], lambda: AccessError(message)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_uscc(vals) for vals in vals_list])

    def write(self, vals):
        if not self.env.su:
            if vals.get("company_id", self.company_id.id) not in self.company_id.ids:
                raise ValidationError(
                    self.env._("An entity stays in the registry of its bureau.")
                )
            if {"name", "uscc", "kind"} & vals.keys():
                self._check_no_open_visit()
        result = super().write(self._clean_uscc(vals))
        if names := sorted({"region_id", "kind"} & vals.keys()):
            self.sudo().target_ids._tell_tasks_of_change(self, names)
        return result

    def _check_no_open_visit(self):
        """Raise while a visit is open: its result will name the entity as it is now."""
        visit = (
            self.env["srsp.inspection"]
            .sudo()
            .search(
                [
                    ("entity_id", "in", self.ids),
                    ("stage", "not in", ("closed", "cancelled")),
                ],
                limit=1,
            )
        )
        if visit:
            raise UserError(
                self.env._(
                    "%(entity)s: visit %(visit)s is open. Close it before name, kind or credit code change.",
                    entity=visit.entity_id.name,
                    visit=visit.number,
                )
            )

    @api.model
    def _clean_uscc(self, vals):
        """``vals`` with the credit code as it is stored; an empty one is no code."""
        if "uscc" not in vals:
            return vals
        return dict(vals, uscc=uscc.clean(vals["uscc"] or "") or False)

    @api.depends("name", "code")
    @api.depends_context("show_code")
    def _compute_display_name(self):
        for entity in self:
            code = f" ({entity.code})" if self.env.context.get("show_code") else ""
            entity.display_name = f"{entity.name}{code}"
