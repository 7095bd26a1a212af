import logging
from itertools import takewhile
from operator import attrgetter
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import LockError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

MAX_BATCH = 50  # publications in one transaction: others of the bureau must reach the chain in between
# With others who write, one after the other; then the next run goes on.
MAX_CONFLICTS = 5
# What the installation itself publishes, as what follows refers to it: the lists, of which a new version supersedes
# the last, the plans, and all that announces a draw that is still to come.
URGENT = {
    "list": [],
    "plan": [],
    "announcement": [],
    "roster": [("state", "=", "committed")],
}


class Missing(NamedTuple):
    """Something that exists and has no publication."""

    formed_at: object  # naive UTC
    record: models.BaseModel
    kind: str

    def get_group(self):
        return self.kind, self.record.company_id


class SrspPublication(models.Model):
    """Publish what existed before this addon: years of results of a bureau that has worked without it.

    What is missing is found by comparing the records with the publications, so an interrupted run goes on where it
    ended, nothing is published twice, and what is closed meanwhile publishes itself at once.
    """

    _inherit = "srsp.publication"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @api.model
    def _cron_backfill(self):
        """Publish what is missing, oldest first, a batch per transaction.

        What cannot be published is logged and tried again by the next run; it holds up nothing else.
        """
        cron = self.env["ir.cron"]
        failed, conflicts = set(), 0
        total = remaining = self._count_missing()
        seconds = cron._commit_progress(remaining=remaining)
        while seconds and conflicts < MAX_CONFLICTS:
            batch = self._find_batch(failed)
            if not batch:
                break
            try:
                self._publish_batch(batch)
                seconds = cron._commit_progress(len(batch))
                conflicts, remaining = 0, remaining - len(batch)
                _logger.info("%s records are still to be published", remaining)
            except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self.env.cr.rollback()
                conflicts += 1
            except Exception:
                self.env.cr.rollback()
                failed |= self._publish_each(batch)
                seconds = cron._commit_progress()
        remaining = self._count_missing()
        if total and not remaining:
            self._take_effect()
            _logger.info("Everything that existed has been published")
        # Failures alone are not worth another run at once.
        due = max(remaining - len(failed), 0)
        cron._commit_progress(remaining=due)

    @api.model
    def _publish_each(self, batch):
        """Publish a batch one by one, since something in it fails; return ``{(kind, id), …}`` of what does."""
        failed = set()
        for missing in batch:
            try:
                self._publish_batch([missing])
                self.env["ir.cron"]._commit_progress(1)
            except (LockError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                self.env.cr.rollback()  # it is still missing
            except Exception:
                self.env.cr.rollback()
                failed.add((missing.kind, missing.record.id))
                _logger.exception("%s is not published", missing.record)
        return failed

    @api.model
    def _publish_batch(self, batch):
        """Publish what is missing in one transaction: all that takes time comes before the chain is needed."""
        self._publish_all([missing.record for missing in batch], batch[0].kind)

    @api.model
    def _find_batch(self, without):
        """Return the oldest that is missing: results of one bureau together, else one, whose original can be large."""
        batch = self._find_missing(MAX_BATCH, without)
        if not batch or batch[0].kind != "result":
            return batch[:1]
        group = batch[0].get_group()
        return list(takewhile(lambda one: one.get_group() == group, batch))

    @api.model
    def _backfill(self, as_of_then=False, urgent=False):
        """Publish at once what has no publication yet, in the order in which it was formed.

        :param as_of_then: publish each at the moment at which it was formed, instead of the present
        :param urgent: only what the installation cannot leave to the scheduled action
        """
        for missing in self._find_missing(urgent=urgent):
            now = missing.formed_at if as_of_then else None
            self._publish(missing.record, missing.kind, now=now)
        self._take_effect()

    @api.model
    def _find_missing(self, limit=None, without=(), urgent=False):
        """Return the oldest ``limit`` things that are missing, oldest first.

        :param without: ``{(kind, id), …}`` to leave out
        """
        found = []
        count = limit and limit + len(without)
        for kind, model, domain, order in self._get_missing_domains(urgent):
            for record in model.search(domain, order=f"{order}, id", limit=count):
                if (kind, record.id) not in without:
                    found.append(Missing(record._get_formed_at(kind), record, kind))
        return sorted(found, key=attrgetter("formed_at"))[:limit]

    @api.model
    def _count_missing(self):
        domains = self._get_missing_domains()
        return sum(
            model.search_count(domain) for _kind, model, domain, _order in domains
        )

    @api.model
    def _get_missing_domains(self, urgent=False):
        """Yield ``(kind, model, domain, order)`` of what has no publication."""
        for name, domain, kind, order in self._get_backfill_sources():
            if urgent and kind not in URGENT:
                continue
            about = [("res_model", "=", name), ("kind", "=", kind)]
            known = self.sudo()._search(about).subselect("res_id")
            missing = Domain(domain) & Domain("id", "not in", known)
            if urgent:
                missing &= Domain(URGENT[kind])
            yield kind, self.env[name].sudo(), missing, order

    @api.model
    def _get_backfill_sources(self):
        """Return ``[(model, domain, kind, order), …]`` of everything that is published."""
        return [
            (
                "srsp.list",
                [("state", "in", ("published", "superseded"))],
                "list",
                "published_on",
            ),
            ("srsp.plan", [("state", "=", "published")], "plan", "published_on"),
            (
                "srsp.task",
                [("announced_on", "!=", False), ("state", "=", "planned")],
                "announcement",
                "announced_on",
            ),
            ("srsp.draw", [], "roster", "locked_at"),
            ("srsp.draw", [("drawn_at", "!=", False)], "draw", "drawn_at"),
            ("srsp.inspection", [("stage", "=", "closed")], "result", "result_date"),
        ]
