import re

from stdnum.cn import ric

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_list

from ...actions import get_action
from ...fields import BigramChar, CodeChar, EncryptedChar
from ...tools import clock, uscc
from ...tools.identity import HIDDEN, mask
from .name_search import (
    BIGRAMS,
    check_locale,
    get_bigram_index,
    get_prefix_pattern,
    is_typed,
    keep_name_key,
)
from .srsp_target_change import describe_change

# Kinds whose names are registered, so that two of one name are the same.
REGISTERED = ("enterprise", "individual", "institution")


class SrspEntity(models.Model):
    """Whom the law obliges: an enterprise, an institution, a project, a person.

    Known by its unified social credit code (GB 32100-2015); one without gets a generated code. The
    identity number of a natural person (GB 11643-1999) is kept only where somebody enters it; it is
    shown with all but its ends hidden, and neither exported nor published.

    The buttons count what the user may open. Sectors, worst risk class and the visits of the year hold for
    the whole bureau: a division must know how often others have been there.
    """

    _name = "srsp.entity"
    _description = "Entity"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "name, id"
    _check_company_auto = True
    _phone_texts = ("contact_phone", "contact_mobile")
    _unchecked_texts = ("identity_number", "identity_masked")

    name = BigramChar(required=True, tracking=True)
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
    uscc = CodeChar("Credit Code", copy=False, tracking=True)
    code = CodeChar(
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
        help="Body responsible for day-to-day supervision, e.g. a district's branch bureau."
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
        help="According to the registering authority; empty: not known.",
    )
    # Never published and never sent to a platform.
    contact_name = fields.Char("Contact")
    contact_phone = fields.Char("Telephone")
    contact_mobile = fields.Char("Mobile")
    tag_ids = fields.Many2many(
        "srsp.tag",
        "srsp_entity_tag_rel",
        "entity_id",
        "tag_id",
        "Tags",
        domain="[('active', '=', True)]",
        context={"active_test": False},
    )
    identity_number = EncryptedChar(
        "Full Identity Number", copy=False, groups=fields.NO_ACCESS
    )
    identity_masked = fields.Char(
        "Identity Number",
        compute="_compute_identity_masked",
        inverse="_inverse_identity_masked",
        compute_sudo=True,
        copy=False,
        help="For natural persons only, and only if needed. The full number cannot be viewed again.",
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
    target_count = fields.Integer(compute="_compute_counts")
    inspection_count = fields.Integer("Visits", compute="_compute_counts")
    result_count = fields.Integer("Results", compute="_compute_counts")
    rectification_count = fields.Integer(
        "Rectification Orders", compute="_compute_counts"
    )
    sector_ids = fields.Many2many(
        "srsp.sector", string="Sectors", compute="_compute_standing", compute_sudo=True
    )
    worst_risk_class = fields.Char(compute="_compute_standing", compute_sudo=True)
    visits_this_year = fields.Integer(compute="_compute_visits", compute_sudo=True)
    visit_cap = fields.Integer(
        "Annual Inspection Limit",
        compute="_compute_visits",
        compute_sudo=True,
        help="The rulebook's limit for the highest risk class; 0: no limit.",
    )
    is_cap_reached = fields.Boolean(compute="_compute_visits", compute_sudo=True)

    _uscc_uniq = models.UniqueIndex(
        "(uscc, company_id) WHERE uscc IS NOT NULL",
        "An entity with this credit code already exists.",
    )
    _code_uniq = models.UniqueIndex(
        "(code, company_id)", "An entity with this code already exists."
    )
    _name_bigrams = models.Index(get_bigram_index("name"))
    _name_order = models.Index("(name, id)")  # the list's first page

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

    @api.depends("name", "code")
    @api.depends_context("show_code")
    def _compute_display_name(self):
        for entity in self:
            code = f" ({entity.code})" if self.env.context.get("show_code") else ""
            entity.display_name = f"{entity.name}{code}"

    @api.depends("target_ids", "inspection_ids", "rectification_ids")
    @api.depends_context("uid")
    def _compute_counts(self):
        for name, model, path in (
            ("target_count", "srsp.target", "entity_id"),
            ("inspection_count", "srsp.inspection", "entity_id"),
            ("result_count", "srsp.inspection.line", "inspection_id.entity_id"),
            ("rectification_count", "srsp.rectification", "entity_id"),
        ):
            domain = Domain(path, "in", self.ids)
            if name == "result_count":
                domain &= Domain("result", "!=", False)
            counts = dict(self.env[model]._read_group(domain, [path], ["__count"]))
            for entity in self:
                entity[name] = counts.get(entity, 0)

    @api.depends("target_ids.state", "target_ids.sector_id", "target_ids.risk_class")
    def _compute_standing(self):
        rows = self.env["srsp.target"]._read_group(
            [("entity_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["entity_id"],
            ["sector_id:recordset", "risk_class:max"],
        )
        standing = {entity: found for entity, *found in rows}
        for entity in self:
            sectors, worst = standing.get(entity, (False, False))
            entity.sector_ids, entity.worst_risk_class = sectors, worst

    @api.depends("inspection_ids.stage", "worst_risk_class")
    def _compute_visits(self):
        today = clock.today()
        this_year = [("year", "=", today.year), ("stage", "!=", "cancelled")]
        own = [("entity_id", "in", self.ids), *this_year]
        visits = self.env["srsp.inspection"]
        counts = dict(visits._read_group(own, ["entity_id"], ["__count"]))
        for company, entities in self.grouped("company_id").items():
            rulebook = self.env["srsp.rulebook"]._find_in_force(company, today)
            for entity in entities:
                cap = rulebook._get_visit_cap(entity.worst_risk_class)
                entity.visits_this_year = counts.get(entity._origin, 0)
                entity.visit_cap = cap
                entity.is_cap_reached = cap and entity.visits_this_year >= cap

    def _search_display_name(self, operator, value):
        if not is_typed(operator, value):
            return super()._search_display_name(operator, value)
        every = self.sudo().with_context(active_test=False)
        named = every._search(Domain("name", operator, value.strip()))
        coded = every._search(Domain("code", "=like", get_prefix_pattern(value)))
        # With OR, PostgreSQL cuts every name it finds into its bigrams once more.
        return Domain("id", "in", SQL("(%s UNION %s)", named.select(), coded.select()))

    @api.constrains("uscc")
    def _check_uscc(self):
        for entity in self:
            if entity.uscc and not uscc.is_valid(entity.uscc):
                message = self.env._(
                    "%(name)s: credit code “%(code)s” is not valid; 18 digits and capital letters, the last one a"
                    " check digit (GB 32100-2015).",
                    name=entity.name,
                    code=entity.uscc,
                )
                raise ValidationError(message)

    @api.constrains("kind", "uscc", "identity_number")
    def _check_identity(self):
        """A person has no credit code (it would be published), and nobody else an identity number."""
        for entity in self.sudo():
            number, is_person = entity.identity_number, entity.kind == "person"
            if is_person and entity.uscc:
                error = self.env._(
                    "%(name)s: a natural person is not entered with a credit code; it would be published.",
                    name=entity.name,
                )
            elif number and not is_person:
                error = self.env._(
                    "%(name)s: only a natural person has an identity number.",
                    name=entity.name,
                )
            elif number and not (
                re.fullmatch(r"\d{17}[\dX]", number)
                and ric.calc_check_digit(number) == number[-1]
            ):
                error = self.env._(
                    "%(name)s: the identity number is not valid; 18 digits, the last one a check digit or X.",
                    name=entity.name,
                )
            else:
                continue
            raise ValidationError(error)

    @api.model_create_multi
    def create(self, vals_list):
        entities = super().create([self._clean_uscc(vals) for vals in vals_list])
        if not self.env.su:
            entities._check_not_twice()
        return entities

    def write(self, vals):
        if not self.env.su:
            if "company_id" in vals and self.company_id - self.company_id.browse(
                vals["company_id"]
            ):
                message = self.env._("An entity stays in the registry of its bureau.")
                raise ValidationError(message)
            if {"name", "uscc", "kind"} & vals.keys():
                self._check_no_open_visit()
        result = super().write(self._clean_uscc(vals))
        if not self.env.su and {"name", "uscc", "kind"} & vals.keys():
            self._check_not_twice()
        if names := sorted({"region_id", "kind"} & vals.keys()):
            targets = self.sudo().target_ids
            targets._notify_tasks(lambda env: describe_change(env, self, names))
        return result

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for entity, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", entity.name)
        return vals_list

    def _auto_init(self):
        check_locale(self.env)
        self.env.cr.execute(BIGRAMS)
        return super()._auto_init()

    def init(self):
        keep_name_key(self.env.cr)

    def action_open_targets(self):
        return self._open("srsp_target_action", "entity_id")

    def action_open_inspections(self):
        return self._open("srsp_inspection_action", "entity_id")

    def action_open_results(self):
        return self._open("srsp_inspection_line_action", "inspection_id.entity_id")

    def action_open_rectifications(self):
        return self._open("srsp_rectification_action", "entity_id")

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
            "“%(name)s” is in the registry of %(divisions)s too: data shared by divisions can only be "
            "changed by an administrator.",
            name=shared.name,
            divisions=format_list(self.env, others.mapped("name")),
        )
        return result[0], lambda: AccessError(message)

    def _check_no_open_visit(self):
        """Raise while a visit is open: its result will name the entity as it is now."""
        visits = self.env["srsp.inspection"].sudo()
        opened = [("stage", "not in", ("closed", "cancelled"))]
        if visit := visits.search([("entity_id", "in", self.ids), *opened], limit=1):
            message = self.env._(
                "%(entity)s: visit %(visit)s is open. Close it before you change the name, kind or credit code.",
                entity=visit.entity_id.name,
                visit=visit.number,
            )
            raise UserError(message)

    def _check_not_twice(self):
        """A company is entered once, however its name is spelled; two of one name each have a credit code.

        The same holds of what is imported (``srsp_registry_sql``).
        """
        self.flush_model(["name", "kind", "uscc", "company_id"])
        query = SQL(
            """SELECT entity.name, other.name, other.code FROM srsp_entity entity
                 JOIN srsp_entity other ON other.name_key = entity.name_key AND other.company_id = entity.company_id
                WHERE entity.id = ANY (%s) AND other.id != entity.id AND entity.kind IN %s AND other.kind IN %s
                  AND (entity.uscc IS NULL OR other.uscc IS NULL) LIMIT 1""",
            self.ids,
            REGISTERED,
            REGISTERED,
        )
        for name, known, code in self.env.execute_query(query):
            message = self.env._(
                "“%(name)s” is in the registry already, as %(known)s (%(code)s). Use that entity; if this is another"
                " one, both need their credit codes.",
                name=name,
                known=known,
                code=code,
            )
            raise ValidationError(message)

    def _clean_uscc(self, vals):
        """``vals`` with the credit code as it is stored; an empty one is no code."""
        if "uscc" not in vals:
            return vals
        return dict(vals, uscc=uscc.clean(vals["uscc"] or "") or False)

    def _open(self, action, path):
        domain = [(path, "=", self.id)]
        return get_action(self.env, action, domain=domain, context={})
