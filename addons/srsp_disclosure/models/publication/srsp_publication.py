import datetime
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.srsp_supervision.tools import canonical, clock
from odoo.addons.srsp_supervision.tools.clock import BEIJING, beijing_date

KINDS = [
    ("list", "List"),
    ("plan", "Plan"),
    ("announcement", "Draw announcement"),
    ("roster", "Roster commitment"),
    ("draw", "Draw"),
    ("result", "Result"),
]
SOON = 5  # working days before a deadline from which it is shown as due soon
# All that may still change after a publication has been made; the rest is frozen.
OPEN_FIELDS = frozenset(
    ["state", "deadline", "is_provisional", "disclosed_on", "was_late"]
)


def beijing_midnight(date):
    """The naive UTC datetime at which ``date`` begins in Beijing."""
    start = datetime.datetime.combine(date, datetime.time(), BEIJING)
    return start.astimezone(datetime.UTC).replace(tzinfo=None)


class SrspPublication(models.Model):
    """What the bureau has said in public, word for word (公示).

    ``payload`` is canonical JSON and ``digest`` the SHA-256 of those very bytes; both are sealed in the
    integrity chain and never change. A correction, a substitution or a void makes a new version that
    supersedes the one before; both stay readable. Everybody may read a publication, the anonymous
    visitor of the website too: fields that are not for outsiders carry groups, and who made a
    publication is not kept here (the chain and the source record know).
    """

    _name = "srsp.publication"
    _description = "Publication"
    _inherit = ["srsp.evidence.mixin"]
    _order = "formed_at desc, id desc"
    _rec_name = "number"
    _rec_names_search = ["number", "title", "reference"]
    _log_access = False

    number = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    title = fields.Char(required=True, readonly=True, index="trigram")
    summary = fields.Char(
        readonly=True, help="One-line summary shown in lists of publications."
    )
    reference = fields.Char(
        required=True,
        readonly=True,
        index="trigram",
        help="Number of the published record: of the plan, draw or inspection; the kind of a list.",
    )
    version = fields.Integer(required=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "Not yet in force"),
            ("published", "Published"),
            ("superseded", "Superseded"),
        ],
        required=True,
        readonly=True,
        default="published",
    )
    effective_on = fields.Date(
        "In Force From",
        readonly=True,
        help="For a version that takes effect after its publication; until then the previous version applies.",
    )
    supersedes_id = fields.Many2one("srsp.publication", readonly=True)
    payload = fields.Text(required=True, readonly=True, prefetch=False)
    digest = fields.Char(
        "SHA-256", required=True, readonly=True, help="Digest of the payload's bytes."
    )
    published_on = fields.Datetime(required=True, readonly=True)
    formed_at = fields.Datetime(required=True, readonly=True)
    formed_on = fields.Date(
        required=True,
        readonly=True,
        help="Beijing date; the deadline is counted from the following day.",
    )
    year = fields.Integer(required=True, readonly=True)
    draw_state = fields.Selection(
        [("committed", "Roster locked"), ("drawn", "Drawn"), ("voided", "Voided")],
        readonly=True,
    )
    bureau_name = fields.Char("Bureau", required=True, readonly=True)
    division_name = fields.Char("Division of the Publication", readonly=True)
    sector_name = fields.Char("Sector", readonly=True)
    entity_name = fields.Char("Entity", readonly=True)
    entity_code = fields.Char("Credit Code", readonly=True)
    deadline = fields.Date(readonly=True)
    is_provisional = fields.Boolean(
        "Provisional Deadline",
        readonly=True,
        help="The deadline falls in a year whose make-up days have not been announced.",
    )
    disclosed_on = fields.Date(
        "Disclosed",
        readonly=True,
        help="The day on which the last channel accepted it.",
    )
    was_late = fields.Boolean("Disclosed Late", readonly=True)
    deadline_state = fields.Selection(
        [
            ("on_time", "On time"),
            ("soon", "Due soon"),
            ("late", "Late"),
            ("met", "Met"),
            ("met_late", "Accepted late"),
        ],
        compute="_compute_deadline_state",
        search="_search_deadline_state",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    division_id = fields.Many2one(
        "srsp.division", readonly=True, index=True, groups="base.group_user"
    )
    task_id = fields.Many2one(
        "srsp.task", readonly=True, index="btree_not_null", groups="base.group_user"
    )
    res_model = fields.Char(
        "Model", required=True, readonly=True, groups="base.group_user"
    )
    res_id = fields.Many2oneReference(
        "Source",
        model_field="res_model",
        required=True,
        readonly=True,
        groups="base.group_user",
    )
    delivery_ids = fields.One2many(
        "srsp.delivery", "publication_id", "Deliveries", groups="base.group_user"
    )

    _number_uniq = models.UniqueIndex("(number)")
    _version_uniq = models.UniqueIndex("(company_id, kind, reference, version)")
    _published_uniq = models.UniqueIndex(
        "(company_id, kind, reference) WHERE state = 'published'",
        "Only one version of a publication is in force.",
    )
    _kind_idx = models.Index("(company_id, kind, formed_at DESC, id DESC)")
    _record_idx = models.Index("(res_model, res_id)")
    _entity_code_idx = models.Index("(entity_code) WHERE entity_code IS NOT NULL")
    _open_idx = models.Index(
        "(deadline) WHERE disclosed_on IS NULL AND deadline IS NOT NULL"
    )

    @api.depends("number", "title")
    def _compute_display_name(self):
        for publication in self:
            publication.display_name = f"{publication.number} {publication.title}"

    @api.depends("deadline", "disclosed_on", "was_late")
    @api.depends_context("tz")
    def _compute_deadline_state(self):
        today, soon = self._get_soon()
        for publication in self:
            deadline = publication.deadline
            if not deadline:
                publication.deadline_state = False
            elif publication.disclosed_on:
                publication.deadline_state = (
                    "met_late" if publication.was_late else "met"
                )
            elif deadline < today:
                publication.deadline_state = "late"
            else:
                publication.deadline_state = "soon" if deadline <= soon else "on_time"

    @api.model
    def _search_deadline_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today, soon = self._get_soon()
        due = Domain("deadline", "!=", False)
        waiting, met = (
            due & Domain("disclosed_on", "=", False),
            due & Domain("disclosed_on", "!=", False),
        )
        domains = {
            False: ~due,
            "on_time": waiting & Domain("deadline", ">", soon),
            "soon": waiting
            & Domain("deadline", ">=", today)
            & Domain("deadline", "<=", soon),
            "late": waiting & Domain("deadline", "<", today),
            "met": met & Domain("was_late", "=", False),
            "met_late": met & Domain("was_late", "=", True),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.model
    def _get_soon(self):
        """Today in Beijing and the day up to which a deadline counts as due soon."""
        today = clock.today()
        return today, self.env["srsp.calendar.day"].sudo()._add_working_days(
            today, SOON
        )

    def _check_evidence(self, vals=None):
        if vals is None:
            raise UserError(
                self.env._(
                    "A publication is never deleted: both versions of a correction stay readable."
                )
            )
        if vals.keys() - OPEN_FIELDS:
            raise UserError(
                self.env._(
                    "A publication never changes: a correction is a new version."
                )
            )

    def action_open_page(self):
        """Show the public page."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": self._get_page_url(),
            "target": "new",
        }

    def action_open_source(self):
        """Open the record that was published, for whoever may read it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    @api.model
    def _publish(self, record, kind, now=None):
        """Freeze what there is to say about ``record``; the version before it is superseded.

        :param record: a record of a model with ``srsp.publication.mixin``
        :param kind: one of ``KINDS``
        :param now: moment of the publication (naive UTC), the present if not given
        :return: the new publication
        """
        record.ensure_one()
        now = now or fields.Datetime.now()
        localised = record.company_id.sudo()._srsp_in_language(record.sudo())
        content = localised._prepare_publication_vals(kind)
        earlier = self._find_in_force(record.company_id, kind, content["reference"])
        waits = content.get("effective_on") and (
            content["effective_on"] > beijing_date(now)
        )
        if not waits:
            earlier._supersede()
        publication = self.sudo().create(
            {
                "number": self._next_number(now),
                "published_on": now,
                "state": "pending" if waits else "published",
                "version": earlier.version + 1,
                "supersedes_id": earlier.id,
                **self._prepare_source_vals(record, kind),
                **self._prepare_frozen_vals(content),
            }
        )
        publication._seal_and_deliver()
        return publication

    @api.model
    def _find_in_force(self, company, kind, reference):
        """The version of a publication that is in force, or none."""
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", kind),
                ("reference", "=", reference),
                ("state", "=", "published"),
            ]
        )

    def _supersede(self):
        """Take the version in force out of force, before the next one comes into it."""
        self.state = "superseded"
        self.flush_recordset(["state"])

    @api.model
    def _take_effect(self):
        """Let the versions whose day has come supersede those in force."""
        waiting = self.sudo().search(
            [
                ("state", "=", "pending"),
                ("effective_on", "<=", clock.today()),
            ],
            order="effective_on, id",
        )
        for publication in waiting:
            publication._find_in_force(
                publication.company_id, publication.kind, publication.reference
            )._supersede()
            publication.state = "published"

    @api.model
    def _prepare_source_vals(self, record, kind):
        """What is published, and whose; the content may know better what the bureau was called."""
        company = record.company_id.sudo()
        return {
            "kind": kind,
            "bureau_name": company.name,
            "company_id": company.id,
            "res_model": record._name,
            "res_id": record.id,
        }

    @api.model
    def _prepare_frozen_vals(self, content):
        """``content`` of ``_prepare_publication_vals`` as it is stored: its payload as bytes with their
        digest, or the original in a file with its own; its day in Beijing, its deadline."""
        vals = dict(content)
        payload = canonical.dumps(vals.pop("payload"))
        original, digest = (
            self.env["ir.attachment"],
            hashlib.sha256(payload).hexdigest(),
        )
        if "original" in vals:
            original, digest = self._store_original(
                vals.pop("original"), f"{vals['reference']}.json"
            )
        days = vals.pop("disclosure_days", 0)
        formed_on = beijing_date(vals["formed_at"])
        return {
            **vals,
            "payload": payload.decode(),
            "original_id": original.id,
            "digest": digest,
            "formed_on": formed_on,
            "year": formed_on.year,
            **self._prepare_deadline_vals(formed_on, days),
        }

    @api.model
    def _next_number(self, now):
        sequence = self.env["ir.sequence"].sudo()
        return sequence.next_by_code(
            "srsp.publication", sequence_date=beijing_date(now)
        )

    def _seal_and_deliver(self):
        """Seal number and digest in the chain; put a result into the outbox of every active channel.

        Only where there is none at this moment does the website alone disclose it, on this very day.
        """
        self.env["srsp.event"]._seal(
            self, "publication.published", self._prepare_seal()
        )
        if self.kind == "result":
            channels = self.env["srsp.channel"].sudo()
            channels = channels.search([("company_id", "=", self.company_id.id)])
            channels._queue(self)
            if not channels:
                self._set_disclosed(beijing_date(self.published_on))
                self.task_id._disclose_complete()

    def _prepare_seal(self):
        """What the chain seals of a publication; the digest of its head where the original is a file."""
        sealed = {
            "number": self.number,
            "kind": self.kind,
            "reference": self.reference,
            "version": self.version,
            "digest": self.digest,
        }
        if self.original_id:
            sealed["head_digest"] = hashlib.sha256(self.payload.encode()).hexdigest()
        return sealed

    @api.model
    def _prepare_deadline_vals(self, formed_on, days):
        """The deadline ``days`` working days after ``formed_on``, and whether it is provisional."""
        if not days:
            return {}
        calendar = self.env["srsp.calendar.day"].sudo()
        calendar._ensure_year(formed_on.year)
        deadline = calendar._add_working_days(formed_on, days)
        if deadline.year > formed_on.year:
            calendar._ensure_year(deadline.year)
            deadline = calendar._add_working_days(formed_on, days)
        return {
            "deadline": deadline,
            "is_provisional": calendar._is_provisional(formed_on.year, deadline.year),
        }

    @api.model
    def _refresh_provisional_deadlines(self):
        """Count the provisional deadlines again, after the calendar has changed."""
        domain = [("is_provisional", "=", True), ("disclosed_on", "=", False)]
        for publication in self.sudo().search(domain):
            days = publication.task_id._get_rulebook()
            publication.write(
                self._prepare_deadline_vals(publication.formed_on, days.disclosure_days)
            )

    @api.model
    def _backfill(self, as_of_then=False):
        """Publish what exists but has no publication yet, in the order in which it came about.

        :param as_of_then: give each publication the moment of its source instead of the present
        """
        waiting = []
        for model, domain, kind in self._get_backfill_sources():
            known = {
                res_id
                for [res_id] in self.sudo()._read_group(
                    [("res_model", "=", model), ("kind", "=", kind)], ["res_id"]
                )
            }
            for record in self.env[model].sudo().search(domain, order="id"):
                if record.id not in known:
                    formed_at = record._get_formed_at(kind)
                    waiting.append((formed_at, len(waiting), record, kind))
        for formed_at, _place, record, kind in sorted(waiting, key=lambda row: row[:2]):
            self._publish(record, kind, now=formed_at if as_of_then else None)
        self._take_effect()

    @api.model
    def _get_backfill_sources(self):
        """``[(model, domain, kind), …]`` of all that gets published."""
        return [
            ("srsp.list", [("state", "in", ("published", "superseded"))], "list"),
            ("srsp.plan", [("state", "=", "published")], "plan"),
            (
                "srsp.task",
                [("announced_on", "!=", False), ("state", "=", "planned")],
                "announcement",
            ),
            ("srsp.draw", [], "roster"),
            ("srsp.draw", [("drawn_at", "!=", False)], "draw"),
            ("srsp.inspection", [("stage", "=", "closed")], "result"),
        ]

    def _update_disclosed(self):
        """Note the day on which the last delivery was accepted; tell the tasks.

        Every delivery counts, whether its channel is still in use or not: a channel that is archived
        leaves what it was owed undisclosed, until it is taken up again and the platform accepts.
        A publication that is owed to nobody is left alone here: see ``_seal_and_deliver``.
        """
        for publication in self.filtered(lambda p: p.deadline and not p.disclosed_on):
            deliveries = publication.delivery_ids
            if deliveries and set(deliveries.mapped("state")) == {"accepted"}:
                publication._set_disclosed(
                    max(beijing_date(d.received_at) for d in deliveries)
                )
        self.task_id._disclose_complete()

    def _set_disclosed(self, day):
        self.write({"disclosed_on": day, "was_late": day > self.deadline})
