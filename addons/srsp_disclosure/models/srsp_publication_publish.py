import hashlib

from odoo import api, fields, models

from odoo.addons.srsp_supervision.tools import canonical

from .srsp_publication import beijing_date


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
        lang = record.company_id.sudo().partner_id.lang or self.env.lang
        content = record.sudo().with_context(lang=lang)._prepare_publication_vals(kind)
        payload = canonical.dumps(content.pop("payload"))
        earlier = self.sudo().search(
            [
                ("company_id", "=", record.company_id.id),
                ("kind", "=", kind),
                ("reference", "=", content["reference"]),
                ("state", "=", "published"),
            ]
        )
        earlier.state = "superseded"
        earlier.flush_recordset(["state"])
        formed_on = beijing_date(content["formed_at"])
        publication = self.sudo().create(
            {
                "number": self._next_number(now),
                "kind": kind,
                "version": earlier.version + 1,
                "supersedes_id": earlier.id,
                "payload": payload.decode(),
                "digest": hashlib.sha256(payload).hexdigest(),
                "published_on": now,
                "formed_on": formed_on,
                "year": formed_on.year,
                "bureau_name": record.company_id.sudo().name,
                "company_id": record.company_id.id,
                "res_model": record._name,
                "res_id": record.id,
                **self._prepare_deadline_vals(
                    formed_on, content.pop("disclosure_days", 0)
                ),
                **content,
            }
        )
        publication._seal_and_deliver()
        return publication

    @api.model
    def _next_number(self, now):
        sequence = self.env["ir.sequence"].sudo()
        return sequence.next_by_code(
            "srsp.publication", sequence_date=beijing_date(now)
        )

    def _seal_and_deliver(self):
        """Seal number and digest in the chain; put a result into the outbox of every channel."""
        self.env["srsp.event"]._seal(
            self,
            "publication.published",
            {
                "number": self.number,
                "kind": self.kind,
                "reference": self.reference,
                "version": self.version,
                "digest": self.digest,
            },
        )
        if self.kind == "result":
            channels = self.env["srsp.channel"].sudo()
            channels.search([("company_id", "=", self.company_id.id)])._queue(self)
            self._update_disclosed()

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

    @api.model
    def _get_backfill_sources(self):
        """``[(model, domain, kind), …]`` of all that gets published."""
        return [
            ("srsp.list", [("state", "in", ("published", "superseded"))], "list"),
            ("srsp.plan", [("state", "=", "published")], "plan"),
            ("srsp.draw", [], "roster"),
            ("srsp.draw", [("drawn_at", "!=", False)], "draw"),
            ("srsp.inspection", [("stage", "=", "closed")], "result"),
        ]
