import datetime
import hashlib
from functools import cache, partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.srsp_supervision.actions import get_form_action
from odoo.addons.srsp_supervision.fields import CodeChar, SpelledChar
from odoo.addons.srsp_supervision.models.registry.name_search import get_bigram_index
from odoo.addons.srsp_supervision.tools import canonical, clock
from odoo.addons.srsp_supervision.tools.clock import beijing_date

KINDS = [
    ("list", "List"),
    ("plan", "Plan"),
    ("announcement", "Draw announcement"),
    ("roster", "Roster commitment"),
    ("draw", "Draw"),
    ("result", "Result"),
]
SOON_DAYS = 5  # working days before a deadline from which it is shown as due soon
# What may still change after a publication has been made; the rest is frozen.
OPEN_FIELDS = {"state", "deadline", "is_provisional", "disclosed_on", "was_late"}


class SrspPublication(models.Model):
    """What the bureau has published, word for word (公示).

    ``payload`` is canonical JSON and ``digest`` the SHA-256 of the original, which is those very bytes. Where
    they can be large (a certificate names the whole roster), the original is a file that is written and
    served piece by piece, and ``payload`` is its head, what a page shows of it. The digests of both are sealed
    in the integrity chain and never change. A correction, a substitution or a void makes a new version that
    supersedes the previous one; both stay readable. Everybody may read a publication, the anonymous visitor
    of the website too: fields that are not for outsiders have groups, and who made a publication is not
    stored here (the chain and the source record tell).
    """

    _name = "srsp.publication"
    _description = "Publication"
    _inherit = ["srsp.evidence.mixin"]
    # Made of texts that have been checked.
    _unchecked_texts = tuple(
        "number title summary reference payload digest bureau_name division_name sector_name entity_name entity_code"
        " res_model".split()
    )
    _order = "formed_at desc, id desc"
    _rec_name = "number"
    _rec_names_search = ["number", "title", "reference"]
    _log_access = False

    number = fields.Char(required=True)
    kind = fields.Selection(KINDS, required=True)
    title = SpelledChar(required=True)
    summary = fields.Char(help="One-line summary shown in lists of publications.")
    reference = fields.Char(
        required=True,
        index="trigram",
        help="Number of the published record: of the plan, draw or inspection; the kind of a list.",
    )
    version = fields.Integer(required=True)
    state = fields.Selection(
        [
            ("pending", "Not yet in force"),
            ("published", "Published"),
            ("superseded", "Superseded"),
        ],
        required=True,
        default="published",
    )
    effective_on = fields.Date(
        "In Force From",
        help="For a version that takes effect after its publication; until then the previous version applies.",
    )
    supersedes_id = fields.Many2one("srsp.publication")
    payload = fields.Text(required=True, prefetch=False)
    digest = fields.Char(
        "SHA-256", required=True, help="Digest of the payload's bytes."
    )
    published_on = fields.Datetime(required=True)
    formed_at = fields.Datetime(required=True)
    formed_on = fields.Date(
        required=True,
        help="Beijing date; the deadline is counted from the following day.",
    )
    year = fields.Integer(required=True)
    draw_state = fields.Selection(
        [("committed", "Roster locked"), ("drawn", "Drawn"), ("voided", "Voided")]
    )
    bureau_name = fields.Char("Bureau", required=True)
    division_name = fields.Char("Division of the Publication")
    sector_name = fields.Char("Sector")
    entity_name = SpelledChar("Entity")
    entity_code = CodeChar("Credit Code")
    deadline = fields.Date()
    is_provisional = fields.Boolean(
        "Provisional Deadline",
        help="The deadline falls in a year whose make-up days have not been announced.",
    )
    disclosed_on = fields.Date(
        "Disclosed", help="The day on which the last channel accepted it."
    )
    was_late = fields.Boolean("Disclosed Late")
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
    company_id = fields.Many2one("res.company", required=True)
    division_id = fields.Many2one("srsp.division", index=True, groups="base.group_user")
    task_id = fields.Many2one(
        "srsp.task", index="btree_not_null", groups="base.group_user"
    )
    res_model = fields.Char("Model", required=True, groups="base.group_user")
    res_id = fields.Many2oneReference(
        "Source", model_field="res_model", required=True, groups="base.group_user"
    )
    original_id = fields.Many2one(
        "ir.attachment", ondelete="restrict", groups="base.group_user"
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
    _title_bigrams = models.Index(get_bigram_index("title"))
    _entity_name_bigrams = models.Index(get_bigram_index("entity_name"))
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
    def _compute_deadline_state(self):
        for state, domain in self._get_deadline_domains().items():
            self.filtered_domain(domain).deadline_state = state

    @api.model
    def _search_deadline_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = self._get_deadline_domains()
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.model
    def _get_deadline_domains(self):
        """Return ``{deadline_state: domain}`` as of today in Beijing; each publication is in exactly one."""
        today = clock.today()
        calendar = self.env["srsp.calendar.day"].sudo()
        soon = calendar._add_working_days(self.env.company, today, SOON_DAYS)
        due = Domain("deadline", "!=", False)
        waiting = due & Domain("disclosed_on", "=", False)
        met = due & Domain("disclosed_on", "!=", False)
        not_late = waiting & Domain("deadline", ">=", today)
        return {
            False: ~due,
            "on_time": not_late & Domain("deadline", ">", soon),
            "soon": not_late & Domain("deadline", "<=", soon),
            "late": waiting & Domain("deadline", "<", today),
            "met": met & Domain("was_late", "=", False),
            "met_late": met & Domain("was_late", "=", True),
        }

    @api.model
    def _is_guarded(self, name):
        """Only code writes a publication."""
        return name in self._fields

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
        return get_form_action(self.env[self.res_model].browse(self.res_id))

    @api.model
    def _publish(self, record, kind, now=None):
        """Freeze what there is to say about ``record``; it supersedes the previous version.

        :param record: a record of a model with ``srsp.publication.mixin``
        :param kind: one of ``KINDS``
        :param now: moment of the publication (naive UTC), the present if not given
        :return: the new publication
        """
        record.ensure_one()
        return self._publish_all([record], kind, now)

    @api.model
    def _publish_all(self, records, kind, now=None):
        """Publish records of one company, each under a reference of its own; the chain is needed at the end only."""
        company, now = records[0].company_id, now or fields.Datetime.now()
        day = beijing_date(now)
        localise = company.sudo()._srsp_in_language
        contents = [
            localise(one.sudo())._prepare_publication_vals(kind) for one in records
        ]
        references = [content["reference"] for content in contents]
        earlier = self.sudo()._find_in_force(company, kind, *references)
        earlier = earlier.grouped("reference")
        count = cache(partial(self._prepare_deadline_vals, company))
        vals_list = []
        for record, content in zip(records, contents, strict=True):
            frozen = self._prepare_frozen_vals(content)
            days = frozen.pop("disclosure_days", 0)
            previous = earlier.get(content["reference"], self.sudo().browse())
            pending = content.get("effective_on") and content["effective_on"] > day
            if not pending:
                previous._supersede()
            vals_list.append(
                {
                    "number": self._get_next_number(day),
                    "published_on": now,
                    "state": "pending" if pending else "published",
                    "version": previous.version + 1,
                    "supersedes_id": previous.id,
                    **self._prepare_source_vals(record, kind),
                    **frozen,
                    **count(frozen["formed_on"], days),
                }
            )
        publications = self.sudo().create(vals_list)
        publications._deliver_and_seal()
        return publications

    @api.model
    def _get_next_number(self, day):
        sequences = self.env["ir.sequence"].sudo()
        return sequences.next_by_code("srsp.publication", sequence_date=day)

    @api.model
    def _find_in_force(self, company, kind, *references):
        """Return the versions of publications that are in force."""
        return self.search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", kind),
                ("reference", "in", references),
                ("state", "=", "published"),
            ]
        )

    def _supersede(self):
        """Take the version in force out of force, before the next one enters into force."""
        self.state = "superseded"
        self.flush_recordset(["state"])

    @api.model
    def _take_effect(self):
        """Let the versions whose effective date has come supersede those in force."""
        due = [("state", "=", "pending"), ("effective_on", "<=", clock.today())]
        for publication in self.sudo().search(due, order="effective_on, id"):
            publication._find_in_force(
                publication.company_id, publication.kind, publication.reference
            )._supersede()
            publication.state = "published"

    @api.model
    def _prepare_source_vals(self, record, kind):
        """Return what is published, and whose; the bureau's name can be another in the content."""
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
        """Return ``content`` of ``_prepare_publication_vals`` as it is stored, with digest and day."""
        vals = dict(content)
        payload = canonical.dumps(vals["payload"])
        original = self.env["ir.attachment"]
        digest = hashlib.sha256(payload).hexdigest()
        if write := vals.pop("original", None):
            original, digest = self._store_original(write, f"{vals['reference']}.json")
        formed_on = beijing_date(vals["formed_at"])
        return {
            **vals,
            "payload": payload.decode(),
            "original_id": original.id,
            "digest": digest,
            "formed_on": formed_on,
            "year": formed_on.year,
        }

    @api.model
    def _store_original(self, write, name):
        """Store what ``write(append)`` passes to ``append`` in pieces; return the attachment and the SHA-256."""
        vals = {"name": name, "res_model": self._name, "mimetype": "application/json"}
        attachment = self.env["ir.attachment"].sudo().create(vals)
        return attachment, attachment._srsp_write_content(write)

    def _read_original(self):
        """Return the bytes of the original, all at once: not for those that can be large."""
        self.ensure_one()
        original = self.sudo().original_id
        return original.raw if original else self.payload.encode()

    def _digest_original(self):
        """Return the SHA-256 of the original as it is stored now, in hexadecimal; empty when its file is gone."""
        original = self.sudo().original_id
        if not original.store_fname:
            return hashlib.sha256(self._read_original()).hexdigest()
        try:
            with open(original._full_path(original.store_fname), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def _deliver_and_seal(self):
        """Put results into the outbox of every active channel of their company; seal numbers and digests in the chain.

        If there is no active channel, a result counts as disclosed today, by the website.
        """
        results = self.filtered(lambda publication: publication.kind == "result")
        for company, owed in results.grouped("company_id").items():
            channels = self.env["srsp.channel"].sudo()
            channels = channels.search([("company_id", "=", company.id)])
            channels._queue(owed)
            if not channels:
                for publication in owed:
                    publication._set_disclosed(beijing_date(publication.published_on))
                owed.task_id._disclose_complete()
        self.flush_model()
        self.env["srsp.event"]._seal_state(self, "publication.published")

    def _prepare_seal(self):
        """Return what the chain seals; the digest of the head is another one if the original is a file."""
        names = ("number", "kind", "reference", "version", "digest")
        head = hashlib.sha256(self.payload.encode()).hexdigest()
        return {**{name: self[name] for name in names}, "head_digest": head}

    @api.model
    def _prepare_deadline_vals(self, company, formed_on, days):
        """Return the deadline ``days`` working days of ``company`` after ``formed_on``; is it provisional?"""
        if not days:
            return {}
        calendar = self.env["srsp.calendar.day"].sudo()
        calendar._ensure_year(formed_on.year)
        deadline = calendar._add_working_days(company, formed_on, days)
        if deadline.year > formed_on.year:
            calendar._ensure_year(deadline.year)
            deadline = calendar._add_working_days(company, formed_on, days)
        return {
            "deadline": deadline,
            "is_provisional": calendar._is_provisional(formed_on.year, deadline.year),
        }

    @api.model
    def _continue_numbers(self):
        """Let the numbers go on after the last that the chain has sealed: those of a removed addon are taken."""
        sequence = self.env.ref("srsp_disclosure.ir_sequence_srsp_publication")
        query = SQL(
            """SELECT substr(number, 3, 4), max(substr(number, 7)::integer)
                 FROM (SELECT payload::jsonb -> 'record' ->> 'number' AS number FROM srsp_event
                        WHERE kind = 'publication.published') sealed
                WHERE number ~ '^GS[0-9]{10,15}$' GROUP BY 1 ORDER BY 1"""
        )
        for year, last in self.env.execute_query(query):
            day = datetime.date(int(year), 1, 1)
            sequence._create_date_range_seq(day).number_next_actual = last + 1

    def _update_disclosed(self):
        """Record the day on which the last delivery was accepted, and update the tasks.

        Every delivery counts, also that of an archived channel: it stays undisclosed until the channel is
        restored and the platform accepts. For a publication without deliveries see ``_deliver_and_seal``.
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
