import hashlib

from odoo import api, fields, models

from odoo.addons.srsp_supervision.tools import canonical, clock
from odoo.addons.srsp_supervision.tools.clock import beijing_date


class SrspPublication(models.Model):
    """Making publications: the only way in is ``_publish``."""

    _inherit = "srsp.publication"

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
