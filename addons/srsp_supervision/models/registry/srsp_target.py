import datetime

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fields import BigramChar, company_of
from ...tools import clock
from ...tools.identity import holds_identity, mask_all
from ...tools.names import KEY_SQL
from ..rulebook.srsp_rulebook import RISK_CLASSES
from .name_search import get_bigram_index, get_prefix_pattern, is_typed
from .srsp_target_change import LOGGED, RISK_SOURCES, Origin, describe_change

PERMIT_DAYS = 60  # before a permit runs out: from then on it is shown and reminded of
PERMIT_STATES = [
    ("none", "No date"),
    ("expired", "Expired"),
    ("soon", "Expires soon"),
    ("valid", "Valid"),
]

# What the registry should know of a target in it.
COMPLETE = """
coalesce(target.region, '') != '' AND coalesce(target.permit_number, '') != '' AND target.risk_class IS NOT NULL
AND (entity.kind IN ('project', 'area') OR coalesce(entity.address, '') != '')
AND (entity.kind NOT IN ('enterprise', 'institution') OR coalesce(entity.legal_representative, '') != '')
AND (entity.kind NOT IN ('enterprise', 'institution', 'individual') OR entity.uscc IS NOT NULL)
"""
# The later of what was changed, seen in a full file, or confirmed with the whole registry.
FRESH = """
(greatest(target.write_date, entity.write_date, target.seen_on, (
    SELECT max(confirmed_on) FROM srsp_registry_confirmation confirmed WHERE confirmed.sector_id = target.sector_id
)) >= %(year_ago)s)
"""
# What may take a target into or out of a task's pool, or into another of its strata.
POOL_FIELDS = frozenset(
    "name region_id permit_number permit_valid_until risk_class is_key state".split()
)
MAX_SHOWN_CODES = 3


class SrspTarget(models.Model):
    """One entry of a registry: an entity seen by one sector (a mining right, a surveying licence).

    ``code`` is the public label in draws and never changes. Nothing is deleted: a target leaves its
    registry by state. Moves of risk class, state and key mark stay in ``change_ids``; the key mark follows
    ``srsp.key.target`` alone. Whoever writes targets by SQL keeps ``risk_date``, ``risk_source``,
    ``state_date``, ``key_by_id``, ``key_date`` and ``srsp_target_change`` as ``write`` does.
    """

    _name = "srsp.target"
    _description = "Target"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "code"
    _check_company_auto = True
    _phone_texts = ("permit_number", "contact_phone")
    _rec_names_search = ["code", "entity_id.name", "permit_number"]
    _guarded_fields = tuple(
        "risk_source is_key key_reason key_by_id key_date state_date seen_on change_ids".split()
    )

    code = fields.Char(readonly=True, copy=False)
    entity_id = fields.Many2one(
        "srsp.entity", required=True, index=True, check_company=True
    )
    sector_id = fields.Many2one(
        "srsp.sector",
        required=True,
        index=True,
        check_company=True,
        domain=lambda self: list(self.env["srsp.sector"]._get_kept_domain()),
    )
    division_id = fields.Many2one(
        related="sector_id.division_id", store=True, index=True
    )
    company_id = company_of("sector_id")
    name = BigramChar(
        "Project or Right Name",
        tracking=True,
        help="Name of the project, right or area, if it has one.",
    )
    region_id = fields.Many2one(
        "srsp.region", check_company=True, ondelete="restrict", tracking=True
    )
    region = fields.Char("Name of the Region", related="region_id.label", store=True)
    latitude = fields.Float(digits=(9, 6), help="Degrees north; 0: unknown.")
    longitude = fields.Float(digits=(9, 6), help="Degrees east; 0: unknown.")
    permit_name = fields.Char()
    permit_number = BigramChar("Permit", tracking=True)
    permit_authority = fields.Char("Permit Granted By")
    permit_granted_on = fields.Date()
    permit_valid_until = fields.Date(tracking=True, help="Empty: no end.")
    permit_state = fields.Selection(PERMIT_STATES, compute="_compute_permit_state")
    permit_ids = fields.One2many(
        "srsp.target.permit", "target_id", "Further Permits", copy=True
    )
    # Never published and never sent to a platform.
    contact_name = fields.Char("Contact on Site")
    contact_phone = fields.Char("Telephone on Site")
    risk_class = fields.Selection(
        RISK_CLASSES, tracking=True, help="Empty: not classified yet."
    )
    risk_date = fields.Date(
        "Risk Class Date", help="The day from which the class applies."
    )
    risk_source = fields.Selection(RISK_SOURCES, readonly=True, copy=False)
    is_key = fields.Boolean(
        "Key Target",
        tracking=True,
        readonly=True,
        copy=False,
        help="Listed in the registry of key targets (重点抽查名录库); can only be changed there.",
    )
    key_reason = fields.Char(
        "Reason for the Key Mark", tracking=True, readonly=True, copy=False
    )
    key_by_id = fields.Many2one("res.users", "Marked By", readonly=True, copy=False)
    key_date = fields.Date("Marked On", readonly=True, copy=False)
    key_target_ids = fields.One2many(
        "srsp.key.target", "target_id", "Key Target Entries"
    )
    state = fields.Selection(
        [("active", "Active"), ("suspended", "Suspended"), ("cancelled", "Removed")],
        required=True,
        default="active",
        tracking=True,
    )
    state_reason = fields.Char("Reason", tracking=True)
    state_date = fields.Date(readonly=True)
    seen_on = fields.Date(
        "Last Seen in a Full File",
        readonly=True,
        copy=False,
        help="Date on which a file of the whole registry last listed the target with the same content.",
    )
    inspection_line_ids = fields.One2many(
        "srsp.inspection.line", "target_id", "Inspections"
    )
    last_inspected_on = fields.Date(
        compute="_compute_last_inspected_on", store=True, compute_sudo=True
    )
    properties = fields.Properties(definition="sector_id.target_properties_definition")
    change_ids = fields.One2many("srsp.target.change", "target_id", "History")
    is_complete = fields.Boolean(store=False, search="_search_is_complete")
    is_fresh = fields.Boolean(store=False, search="_search_is_fresh")
    is_possible_duplicate = fields.Boolean(
        store=False, search="_search_is_possible_duplicate"
    )

    _permit_uniq = models.UniqueIndex(
        "(entity_id, sector_id, coalesce(permit_number, ''))",
        "This entity is already in the registry of the sector with this permit.",
    )
    _code_uniq = models.UniqueIndex(
        "(code, company_id)", "A target with this code already exists."
    )
    _coordinates = models.Constraint(
        "CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)",
        "Coordinates are degrees: north up to 90, east up to 180.",
    )
    _name_bigrams = models.Index(get_bigram_index("name"))
    _permit_bigrams = models.Index(get_bigram_index("permit_number"))
    # A division's registry in the order of the list.
    _division_code = models.Index("(division_id, code)")

    @api.depends("permit_valid_until")
    def _compute_permit_state(self):
        for target in self:
            target.permit_state = get_permit_state(target.permit_valid_until)

    @api.depends(
        "inspection_line_ids.inspection_id.stage",
        "inspection_line_ids.inspection_id.started_at",
    )
    def _compute_last_inspected_on(self):
        """The day of the latest visit whose result has been formed."""
        visits = self.env["srsp.inspection.line"]._read_group(
            [("target_id", "in", self.ids), ("inspection_id.stage", "=", "closed")],
            ["target_id"],
            ["inspection_id:recordset"],
        )
        found = dict(visits)
        for target in self:
            days = (
                clock.beijing_date(visit.started_at)
                if visit.started_at
                else visit.result_date
                for visit in found.get(target, ())
            )
            target.last_inspected_on = max(days, default=False)

    def _search_is_complete(self, operator, value):
        """Targets of which the registry knows what it should (``COMPLETE``)."""
        return self._get_condition_domain(operator, SQL(COMPLETE))

    def _search_is_fresh(self, operator, value):
        """Targets that somebody has changed or confirmed within a year (``FRESH``)."""
        return self._get_condition_domain(operator, self._get_fresh_sql())

    def _search_is_possible_duplicate(self, operator, value):
        """Targets whose sector has another entity of the same name, or another target with the same permit number;
        spelling aside."""
        if operator != "in":
            return NotImplemented
        self.env["srsp.target"].flush_model()
        self.env["srsp.entity"].flush_model(["name"])
        return Domain("id", "in", self._get_duplicate_sql())

    @api.depends("code", "entity_id.name", "name")
    @api.depends_context("code_only")
    def _compute_display_name(self):
        for target in self:
            parts = [target.code]
            if not self.env.context.get("code_only"):
                parts += [target.entity_id.name, target.name]
            target.display_name = " ".join(part for part in parts if part)

    def _search_display_name(self, operator, value):
        """Targets by a fragment of their own name, their entity's or a permit number, or the beginning of a code.

        A union of searches that each have an index: PostgreSQL finds none for an OR over two tables.
        """
        if not is_typed(operator, value):
            return super()._search_display_name(operator, value)
        every = self.sudo().with_context(active_test=False)
        named = every.entity_id._search(Domain("display_name", operator, value))
        further = every.permit_ids._search(Domain("number", operator, value.strip()))
        parts = [
            every._search(domain).select()
            for domain in (
                Domain("entity_id", "in", named),
                Domain("code", "=like", get_prefix_pattern(value)),
                Domain("name", operator, value.strip()),
                Domain("permit_number", operator, value.strip()),
            )
        ]
        parts.append(further.subselect("target_id"))
        # As an array, or PostgreSQL expects so many of a fragment it has never met that it reads the whole table.
        found = SQL("(SELECT unnest(ARRAY(%s)))", SQL(" UNION ").join(parts))
        return Domain("id", "in", found)

    @api.constrains("properties")
    def _check_properties(self):
        for target in self:
            for value in target.properties.values():
                if isinstance(value, str) and holds_identity(value):
                    message = self.env._(
                        "%(target)s: “%(value)s” contains an identity number, which others would be able to read.",
                        target=target.display_name,
                        value=mask_all(value),
                    )
                    raise ValidationError(message)

    @api.constrains("state", "state_reason", "is_key", "key_reason")
    def _check_reasons(self):
        for target in self:
            if target.state != "active" and not (target.state_reason or "").strip():
                message = self.env._(
                    "%(target)s: enter the reason for suspending or removing it (field Reason).",
                    target=target.display_name,
                )
                raise ValidationError(message)
            if target.is_key and not (target.key_reason or "").strip():
                message = self.env._(
                    "%(target)s: enter the reason why it is a key target.",
                    target=target.display_name,
                )
                raise ValidationError(message)

    def _can_create(self):
        sectors = self.env["srsp.sector"]
        return bool(sectors.search_count(sectors._get_kept_domain(), limit=1))

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create([{**vals, "code": False} for vals in vals_list])
        sequence = self.env["ir.sequence"].sudo()
        for target, vals in zip(targets, vals_list, strict=True):
            number = sequence.next_by_code("srsp.target")
            target.sudo().code = f"{target.sector_id.code}-{number}"
            began = [name for name in LOGGED if target[name] not in (False, "active")]
            target._stamp(began, vals)
        targets._notify_tasks(lambda env: env._("new in the registry"))
        return targets

    def write(self, vals):
        if {"entity_id", "sector_id"} & vals.keys() and not self.env.su:
            message = self.env._(
                "A target stays with its entity and sector: remove this one and enter another."
            )
            raise ValidationError(message)
        if "code" in vals and not self.env.su:
            message = self.env._(
                "The code of a target is its label in draws and never changes."
            )
            raise ValidationError(message)
        logged = LOGGED & vals.keys()
        before = [{name: target[name] for name in logged} for target in self]
        result = super().write(vals)
        changes = self.env["srsp.target.change"]._keep(self, before)
        for name, moves in changes.grouped("field").items():
            moves.target_id._stamp([name], vals)
        if names := sorted(POOL_FIELDS & vals.keys()):
            self._notify_tasks(lambda env: describe_change(env, self, names))
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise ValidationError(
            self.env._(
                "A target is not deleted: change its state to remove it from the registry, and give a reason."
            )
        )

    def _get_condition_domain(self, operator, condition):
        """What a ``_search_*`` method returns for an SQL condition on ``target`` and its ``entity``; null is false."""
        if operator != "in":
            return NotImplemented
        self.env["srsp.target"].flush_model()
        self.env["srsp.entity"].flush_model()
        # One join: of a million targets, OR over subqueries on their entities would take minutes.
        found = SQL(
            """(SELECT target.id FROM srsp_target target JOIN srsp_entity entity ON entity.id = target.entity_id
                 WHERE (%s) IS NOT TRUE)""",
            condition,
        )
        return Domain("id", "not in", found)

    def _get_fresh_sql(self):
        return SQL(FRESH, year_ago=fields.Datetime.now() - relativedelta(years=1))

    def _get_duplicate_sql(self):
        """The ids of possible duplicates, as a parenthesised subquery."""
        return SQL(
            """(WITH twice AS MATERIALIZED (SELECT name_key FROM srsp_entity GROUP BY name_key HAVING count(*) > 1)
                SELECT unnest(array_agg(target.id)) FROM twice
                  JOIN srsp_entity entity ON entity.name_key = twice.name_key
                  JOIN srsp_target target ON target.entity_id = entity.id
                 WHERE target.state != 'cancelled'
              GROUP BY target.sector_id, entity.name_key HAVING min(entity.id) != max(entity.id)
                 UNION
                SELECT unnest(array_agg(id)) FROM srsp_target
                 WHERE state != 'cancelled' AND permit_number != ''
              GROUP BY sector_id, %s HAVING count(*) > 1)""",
            SQL(KEY_SQL, SQL("permit_number")),
        )

    def _stamp(self, names, vals):
        """Date and sign the moves of the fields ``names``, but for what ``vals`` says itself."""
        today = clock.today()
        stamps = {}
        if "risk_class" in names:
            known = bool(self[:1].risk_class)
            stamps["risk_date"] = known and today
            stamps["risk_source"] = known and Origin.of(self.env).source
        if "state" in names:
            stamps["state_date"] = today
        if "is_key" in names:
            stamps |= {"key_date": today, "key_by_id": self.env.uid}
        stamps = {name: value for name, value in stamps.items() if not vals.get(name)}
        if stamps:
            self.sudo().write(stamps)

    def _notify_tasks(self, tell):
        """Put on record with every announced task of these targets' sectors what has happened to them.

        :param tell: a function that says it in the language of an environment
        """
        for sector, targets in self.sudo().grouped("sector_id").items():
            codes = ", ".join(targets[:MAX_SHOWN_CODES].mapped("code"))
            if len(targets) > MAX_SHOWN_CODES:
                codes += f" … ({len(targets)})"
            for task in self._find_announced_tasks(sector):
                task = task.company_id._srsp_in_language(task)
                body = task.env._(
                    "After the announcement, %(targets)s: %(what)s",
                    targets=codes,
                    what=tell(task.env),
                )
                task.message_post(body=body)

    def _find_announced_tasks(self, sectors):
        """Tasks of ``sectors`` that are announced and whose roster is not locked yet, in superuser mode."""
        concerned = Domain("sector_id", "in", sectors.ids)
        concerned |= Domain("item_ids.sector_id", "in", sectors.ids)
        announced = [("announced_on", "!=", False), ("state", "=", "planned")]
        return self.env["srsp.task"].sudo().search(concerned & Domain(announced))


def get_permit_state(until):
    """Return which of ``PERMIT_STATES`` a document is in today that is valid until that day (False: no end)."""
    today = clock.today()
    if not until:
        return "none"
    if until < today:
        return "expired"
    soon = today + datetime.timedelta(days=PERMIT_DAYS)
    return "soon" if until <= soon else "valid"
