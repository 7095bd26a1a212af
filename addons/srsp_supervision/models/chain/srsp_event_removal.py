import json
from contextlib import contextmanager

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .ir_module_module import CONFIRMATION, REMOVAL
from .sealed_tables import CREATE


class SrspEventChange(models.Model):
    """What the removal of an addon changes in the sealed tables is recorded as any change is."""

    _inherit = "srsp.event.change"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    @contextmanager
    def _record_removal(self, addons, lost_models):
        """Record what Odoo deletes and drops meanwhile.

        Tables that stay and lose a column are watched anew, and their rows recorded, when the registry is next loaded.

        :param set addons: names of the addons that go
        :param list lost_models: names of the models that go with them
        """
        cr = self.env.cr
        self._record()
        cr.execute(CREATE)
        dropped = []
        for table in self._find_losing_tables(addons):
            names = (
                SQL.identifier(table.name),
                SQL.identifier(f"gone_{table.name}"[:63]),
            )
            cr.execute(
                SQL(
                    "DROP FUNCTION IF EXISTS %s CASCADE",
                    SQL.identifier(table.get_function()),
                )
            )
            if table.is_relation or table.model in lost_models:
                dropped.append(names)
                cr.execute(table.get_first_sql())
                cr.execute(
                    SQL(
                        "CREATE TEMP TABLE %s (LIKE %s) ON COMMIT DROP",
                        *reversed(names),
                    )
                )
        yield
        # Empty tables stand in for those that are gone: all their rows are recorded as deleted.
        for name, stand_in in dropped:
            cr.execute(SQL("ALTER TABLE pg_temp.%s RENAME TO %s", stand_in, name))
        self.with_context(prefetch_fields=False)._record()

    def _find_losing_tables(self, addons):
        """Return the sealed tables that lose columns with ``addons``, or are dropped with them."""
        names = set()
        for model in self.pool.values():
            for field in model._fields.values():
                if field.store and field._modules and addons.issuperset(field._modules):
                    is_link = field.type == "many2many"
                    names.add(field.relation if is_link else model._table)
        sealed = self._get_sealed_tables()
        return [sealed[name] for name in sorted(names & sealed.keys())]


class SrspEventCheck(models.Model):
    """What a check says of addons that were removed, whose records are there no more.

    Events before the removal are not compared with records of the same number that a later installation made.
    """

    _inherit = "srsp.event.check"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _walk(self, company):
        removals = self._read_events(company, REMOVAL)
        removed_at = {
            model: sequence
            for sequence, payload in removals.items()
            for model in payload["models"]
        }
        checks = self.with_context(srsp_removed_at=removed_at)
        findings, counts = super(SrspEventCheck, checks)._walk(company)
        told = self._describe_removals(company, removals)
        counts["notes"] = "\n".join(filter(None, [*told, counts["notes"]]))
        return findings, counts

    @api.model
    def _read_events(self, company, kind):
        """Return ``{number: payload}`` of the events of one kind, in their order."""
        domain = [("company_id", "=", company.id), ("kind", "=", kind)]
        events = self.env["srsp.event"].search(domain, order="sequence")
        return {event.sequence: json.loads(event.payload) for event in events}

    def _describe_removals(self, company, removals):
        confirmations = self._read_events(company, CONFIRMATION)
        for number, payload in removals.items():
            reason = self.env._("nobody gave a reason")
            if confirmed := confirmations.get(payload["confirmed"]):
                reason = f"{confirmed['by']['login']}: {confirmed['reason']}"
            counts = [
                f"{self._describe_model(model)} {found['records']}"
                + (f" (≤ {found['last']})" if "last" in found else "")
                for model, found in payload["models"].items()
            ]
            yield self.env._(
                "Event %(number)s: %(addons)s was removed (%(reason)s). Records that went: %(counts)s. %(events)s"
                " earlier events are about them, which cannot be compared any more.",
                number=number,
                addons=", ".join(payload["addons"]),
                reason=reason,
                counts=", ".join(counts),
                events=sum(found["events"] for found in payload["models"].values()),
            )

    def _describe_model(self, name):
        """Return the name of a model, where it is installed again."""
        return self.env["ir.model"]._get(name).name or name

    def _describe_unknown(self, item):
        (model, key), _count = item
        if not key and self._get_removed_at(model):
            return ""
        return super()._describe_unknown(item)

    def _find_difference(self, row, compare, unknown):
        if row.sequence < self._get_removed_at(row.res_model):
            return ""
        return super()._find_difference(row, compare, unknown)

    def _get_unsealed_domain(self, name):
        later = Domain("sequence", ">", self._get_removed_at(name))
        return super()._get_unsealed_domain(name) & later

    def _get_removed_at(self, name):
        """Return the number of the event that says that the records of a model went, 0 if none does."""
        return self.env.context.get("srsp_removed_at", {}).get(name, 0)
