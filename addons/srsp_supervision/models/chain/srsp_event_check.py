import datetime
import json
import logging
from collections import Counter
from functools import cache
from itertools import chain

from odoo import api, fields, models
from odoo.fields import Domain

from ...actions import get_form_action
from ...tools import canonical
from ...tools.json_diff import first_difference, restrict
from ...tools.sql import PARALLEL, planned
from ..base.isolation import do_each

WARNING = "mail.mail_activity_data_warning"
_logger = logging.getLogger(__name__)

# Between two checks by the scheduled action.
MIN_INTERVAL = datetime.timedelta(hours=12)
MAX_REPORT = 20  # sentences; the first is the one that matters
MAX_VALUE = 80  # characters of a value in a sentence
# For comparing all rows: no sort and no hash table takes more memory than this.
COMPARING = {**PARALLEL, "work_mem": "64MB"}


class SrspEventCheck(models.Model):
    """One check of the whole integrity chain, with its report.

    It reads the events in order and compares each with the one before, with its own hash and with the present
    state of the record that it sealed; then the end of the chain with the counter and with all records that must
    have an event. So it also finds changes made directly in the database.

    A room that seals records of a model names it in ``_get_sealed_models``. What ``_seal_state`` has sealed is compared
    by ``_compare_state``; a model that is compared in another way has ``_compare_<model>(row, record)``, which returns
    ``(sealed, live)``, or None where an event says nothing about the present record.

    A key that a record has today and an event has not sealed is no problem. A key that an event has sealed and no
    record has today is one that no installed addon knows: the check says so in its notes.
    """

    _name = "srsp.event.check"
    _description = "Check of the integrity chain"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _unchecked_texts = ("report", "notes", "last_hash")
    _order = "id desc"
    _rec_name = "checked_on"
    _mail_post_access = "read"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    checked_on = fields.Datetime("Checked", required=True, readonly=True)
    checked_by_id = fields.Many2one(
        "res.users", "Checked by", required=True, readonly=True
    )
    state = fields.Selection(
        [("sound", "Intact"), ("broken", "Broken")],
        "Outcome",
        required=True,
        readonly=True,
    )
    event_count = fields.Integer("Events Checked", readonly=True)
    record_count = fields.Integer("Records Compared", readonly=True)
    finding_count = fields.Integer("Problems Found", readonly=True)
    broken_sequence = fields.Integer("First Broken Event", readonly=True)
    report = fields.Text(
        readonly=True, help="One sentence for each problem found, at most 20."
    )
    notes = fields.Text(
        "Not Compared",
        readonly=True,
        help="What was sealed by an addon that is no longer installed.",
    )
    last_hash = fields.Char("Hash of the Last Event", readonly=True)

    @api.model
    def action_check(self):
        """Check the chain of the user's company now and show the report."""
        self._check_role("group_auditor", "group_policy_officer")
        return get_form_action(self._check(self.env.company))

    @api.model
    def _cron_check(self):
        """Check every chain that the scheduled action has not checked in this run or one just before."""
        recent = [
            ("checked_by_id", "=", self.env.uid),
            ("checked_on", ">", fields.Datetime.now() - MIN_INTERVAL),
        ]
        domain = [("company_id", "not in", self.sudo().search(recent).company_id.ids)]
        rows = self.env["srsp.event"].sudo()._read_group(domain, ["company_id"])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(rows))
        for [company] in rows:
            do_each(company, lambda one: self._check(one)._alert())
            if not cron._commit_progress(1):
                break

    @api.model
    def _check(self, company):
        """Check the chain of ``company``: the new record, with sentences in the bureau's language."""
        checks = company._srsp_in_language(self).sudo()
        findings, counts = checks._walk(company)
        return checks.create(
            {
                **counts,
                "company_id": company.id,
                "checked_on": fields.Datetime.now(),
                "checked_by_id": self.env.uid,
                "state": "broken" if findings else "sound",
                "broken_sequence": findings[0][0] if findings else 0,
                "report": "\n".join(text for _sequence, text in findings),
            }
        ).with_env(self.env)

    def _alert(self):
        """Give the auditors of the company a to-do on a check that has found the chain broken, and the log a line."""
        if self.state != "broken":
            return
        company, first = self.company_id, self.report.splitlines()[0]
        _logger.error("The integrity chain of %s is broken: %s", company.name, first)
        # One warning for each reader, on the latest check.
        earlier = self.sudo().search([("company_id", "=", company.id)])
        earlier.activity_unlink([WARNING])
        self._srsp_tell(
            company._srsp_get_members("srsp_supervision.group_auditor"),
            company._srsp_in_language(self).env._("The integrity chain is broken"),
            first,
            kind=WARNING,
        )

    def _walk(self, company):
        """Read the chain of ``company`` to its end: ``([(number, sentence), …], values of the check)``.

        All problems are counted, the first ``MAX_REPORT`` are told.
        """
        self.env["srsp.event.change"]._seal_pending(company)
        findings, last, unknown = [], 0, Counter()
        counts = {"event_count": 0, "record_count": 0, "finding_count": 0}
        counts["last_hash"] = canonical.GENESIS.hex()
        get_comparison = cache(self._get_comparison)
        for row in self.env["srsp.event"]._stream(company):
            texts = [self._find_break(company, row, last, counts["last_hash"])]
            if row.res_model not in self.env:
                unknown[row.res_model, ""] += 1
            elif compare := get_comparison(row.res_model):
                counts["record_count"] += 1
                texts.append(self._find_difference(row, compare, unknown))
            found = [(row.sequence, text) for text in texts if text]
            counts["finding_count"] += len(found)
            findings += found[: MAX_REPORT - len(findings)]
            counts["event_count"] += 1
            last, counts["last_hash"] = row.sequence, row.hash
            if counts["event_count"] % 100 == 0:
                self.env.invalidate_all()
        for text in chain(self._find_cut(company, last), self._find_unsealed(company)):
            counts["finding_count"] += 1
            if len(findings) < MAX_REPORT:
                findings.append((last + 1, text))
        with planned(self.env.cr, **COMPARING):
            for number, text, count in self._find_changed_rows(company):
                counts["finding_count"] += count
                if len(findings) < MAX_REPORT:
                    findings.append((number, text))
        notes = map(self._describe_unknown, unknown.items())
        counts["notes"] = "\n".join(filter(None, notes))
        return findings, counts

    # --- The chain ------------------------------------------------------------------------------

    def _find_break(self, company, row, last, previous_hash):
        """Return what is wrong between an event and the one before it, in one sentence; else an empty text."""
        number, first = row.sequence, last + 1
        follows = number == first and row.previous_hash == previous_hash
        if follows and row.hash == self.env["srsp.event"]._hash_row(row):
            return ""
        names = {"number": number, "last": last, "first": first, "end": number - 1}
        if number == first + 1:
            return self.env._("Event %(first)s is missing.", **names)
        if number != first:
            return self.env._("Events %(first)s to %(end)s are missing.", **names)
        if follows:
            return self.env._(
                "Event %(number)s (%(kind)s, %(record)s) is not what was sealed: its number, kind or content has"
                " been changed.",
                kind=row.kind,
                record=row.record_name or "",
                **names,
            )
        domain = [("company_id", "=", company.id), ("hash", "=", row.previous_hash)]
        if other := self.env["srsp.event"].search(domain, limit=1):
            return self.env._(
                "Event %(number)s was sealed after event %(other)s, not after event %(last)s: the order of rows "
                "has been changed.",
                other=other.sequence,
                **names,
            )
        return self.env._(
            "Event %(number)s does not follow from event %(last)s: the predecessor that it names is not in"
            " the chain.",
            **names,
        )

    def _find_cut(self, company, last):
        """Compare the end of the chain with the counter of its events."""
        following = company._srsp_event_sequence().number_next
        names = {"last": last, "next": following}
        if last + 1 < following:
            yield self.env._(
                "The chain ends with event %(last)s, but the counter is at %(next)s: the end of the chain has "
                "been truncated.",
                **names,
            )
        if last + 1 > following:
            yield self.env._(
                "The counter is at %(next)s, though there is an event %(last)s: it has been set back.",
                **names,
            )

    def _find_unsealed(self, company):
        """Find records that must have an event and have none."""
        own = Domain("company_id", "=", company.id)
        for name, domain in self._get_sealed_models().items():
            events = self.env["srsp.event"]._search(
                own & self._get_unsealed_domain(name)
            )
            sealed = Domain("id", "in", events.subselect("res_id"))
            unsealed = own & Domain(domain) & ~sealed
            for record in self.env[name].search(unsealed, order="id"):
                yield self.env._(
                    "%(model)s %(record)s has no event: the chain has been truncated, or the record was created "
                    "outside the system.",
                    model=self.env["ir.model"]._get(name).name,
                    record=record.display_name,
                )

    @api.model
    def _get_unsealed_domain(self, name):
        """Return which events seal the records of a model that must have one."""
        return Domain("res_model", "=", name)

    # --- The rows -------------------------------------------------------------------------------

    def _find_changed_rows(self, company):
        """Yield ``(number, sentence, problems)`` of the rows that were changed outside the system.

        The number is that of the event that sealed the row last, 0 where none did. While addons are installed, rows
        are not recorded yet.
        """
        if not self.pool.ready:
            return
        changes = self.env["srsp.event.change"]
        for number in changes._find_forged(company):
            text = self.env._(
                "The recorded rows of event %(number)s are not what it sealed.",
                number=number,
            )
            yield number, text, 1
        for number, name, row, login in changes._find_outside(company):
            text = self.env._(
                "Row %(row)s of table %(table)s had been changed outside the system before %(login)s changed it in "
                "event %(number)s.",
                row=row,
                table=name,
                login=login,
                number=number,
            )
            yield number, text, 1
        for table, count, rows in changes._find_differences(company, MAX_REPORT):
            for row in rows:
                yield row.number or 0, self._describe_row(table, row), 1
            if count > len(rows):
                text = self.env._(
                    "%(count)s more rows of table %(table)s were changed outside the system.",
                    count=count - len(rows),
                    table=table.name,
                )
                yield rows[-1].number or 0, text, count - len(rows)

    def _describe_row(self, table, row):
        names = {
            "model": self.env["ir.model"]._get(table.model).name,
            "table": table.name,
            "row": row.res_id if not row.other_id else f"{row.res_id}–{row.other_id}",
            "number": row.number,
            "login": row.login,
        }
        if row.is_unknown and not row.number:
            return self.env._(
                "%(model)s: row %(row)s of table %(table)s was added outside the system: no event records it.",
                **names,
            )
        if row.is_unknown:
            return self.env._(
                "%(model)s: row %(row)s of table %(table)s, deleted by %(login)s in event %(number)s, is there again.",
                **names,
            )
        if row.is_missing:
            return self.env._(
                "%(model)s: row %(row)s of table %(table)s, sealed in event %(number)s by %(login)s, was deleted "
                "outside the system.",
                **names,
            )
        return self.env._(
            "%(model)s: row %(row)s of table %(table)s is not what event %(number)s sealed when %(login)s saved it.",
            **names,
        )

    # --- The records ----------------------------------------------------------------------------

    @api.model
    def _get_sealed_models(self):
        """Return ``{model: domain}`` of all records that must have an event."""
        return {}

    @api.model
    def _get_comparison(self, model_name):
        """Return the method that compares records of a model; None for a model whose records are not compared."""
        name = f"_compare_{model_name.replace('.', '_')}"
        is_sealed = hasattr(self.env[model_name], "_prepare_seal")
        return getattr(self, name, is_sealed and self._compare_state or None)

    def _find_difference(self, row, compare, unknown):
        """Return where the record differs from what an event sealed of it, in one sentence; else an empty text.

        :param unknown: counts ``(model, key)`` of what was sealed and no record has today
        """
        record = self.env[row.res_model].browse(row.res_id).exists()
        names = {
            "number": row.sequence,
            "model": self.env["ir.model"]._get(row.res_model).name,
            "record": row.record_name or row.res_id,
        }
        if not record:
            return self.env._(
                "Event %(number)s seals %(model)s %(record)s, which no longer exists.",
                **names,
            )
        gone = []
        try:
            sides = compare(row, record)
            # A published format is compared whole.
            if sides and "format" not in sides[0]:
                *sides, gone = restrict(*sides)
            found = sides and first_difference(*sides)
        except (ValueError, KeyError, TypeError) as error:
            found = ("", "", error)
        if not found:
            unknown.update((row.res_model, key) for key in gone)
            return ""
        path, sealed, live = found
        return self.env._(
            "%(model)s %(record)s is not what event %(number)s sealed: %(path)s was %(sealed)s and is now %(live)s.",
            path=path,
            sealed=self._show(sealed),
            live=self._show(live),
            **names,
        )

    def _describe_unknown(self, item):
        (model, key), count = item
        if not key:
            return self.env._(
                "Records of %(model)s were sealed (events: %(count)s), but their addon is no longer installed: there "
                "are no records to compare.",
                count=count,
                model=model,
            )
        return self.env._(
            "“%(key)s” of %(model)s was sealed (events: %(count)s), but no installed addon knows it: it was not "
            "compared.",
            count=count,
            key=key,
            model=self.env["ir.model"]._get(model).name,
        )

    @api.model
    def _show(self, value):
        if not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, default=str)
        return value if len(value) <= MAX_VALUE else f"{value[:MAX_VALUE]}…"
