import contextlib

import psycopg2

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# Held by `_srsp_confirm_removal` alone: no context that comes from outside can carry this very object.
CONFIRMED = object()
CONFIRMATION = "addon.removal_confirmed"
REMOVAL = "addon.removed"
GONE = ("to remove", "uninstalled", "uninstallable")
# What the installation itself and the passing of days seal is not worth a reason.
ROUTINE = ("records.recorded", "chain.head", REMOVAL)


class IrModuleModule(models.Model):
    """Addons whose records are evidence go only when a system administrator confirms it with a reason.

    Evidence are the events of the chain about records of a model that goes; with ``srsp.event`` the whole chain goes.
    That holds for every addon that seals, and for those that would take it along, whatever the door.
    """

    _inherit = "ir.module.module"

    def write(self, vals):
        if vals.get("state") in GONE:
            self._srsp_check_removal()
        return super().write(vals)

    def module_uninstall(self):
        self._srsp_check_removal()
        names = self.mapped("name")
        if "srsp_supervision" not in names:
            self._srsp_seal_removal()
            lost = self._srsp_get_lost_models()
            with self.env["srsp.event.change"]._record_removal(set(names), lost):
                return super().module_uninstall()
        users = self._srsp_forget_users()
        result = super().module_uninstall()
        self._srsp_delete_users(users)
        return result

    def _srsp_check_removal(self):
        """Refuse that installed addons go as long as there is evidence and nobody has confirmed it.

        :raise UserError: tells which addon, how many events, and where it is confirmed
        """
        leaving = self.filtered(
            lambda addon: addon.state in ("installed", "to upgrade")
        )
        if self.env.context.get("srsp_removal") is CONFIRMED or not leaving:
            return
        leaving += leaving.downstream_dependencies()
        if count := leaving._srsp_count_evidence():
            raise UserError(
                self.env._(
                    "%(addons)s: %(count)s events of the integrity chain are about records that would go. A system"
                    " administrator removes the addon under Apps, with a reason (Uninstall in the addon's menu).",
                    addons=", ".join(leaving.mapped("shortdesc")),
                    count=count,
                )
            )

    def _srsp_get_lost_models(self):
        """Return the names of the models that no other addon than these declares."""
        query = SQL(
            """SELECT model.model FROM ir_model model
                 JOIN ir_model_data data ON data.model = 'ir.model' AND data.res_id = model.id
             GROUP BY model.model HAVING bool_and(data.module = ANY(%s)) ORDER BY model.model""",
            self.mapped("name"),
        )
        return [name for [name] in self.env.execute_query(query)]

    def _srsp_find_evidence(self):
        """Return ``{company: {model: number of events}}`` of the models that go with these addons."""
        query = SQL(
            """SELECT company_id, res_model, count(*) FROM srsp_event
                WHERE res_model = ANY(%s) AND kind != ALL(%s)
             GROUP BY company_id, res_model ORDER BY company_id, res_model""",
            self._srsp_get_lost_models(),
            list(ROUTINE),
        )
        self.env["srsp.event"].flush_model()
        found = {}
        for company, model, count in self.env.execute_query(query):
            found.setdefault(self.env["res.company"].browse(company), {})[model] = count
        return found

    def _srsp_count_evidence(self):
        """Return the number of events about records that go with these addons."""
        found = self._srsp_find_evidence().values()
        return sum(sum(events.values()) for events in found)

    def _srsp_confirm_removal(self, reason):
        """Seal who removes these addons and why; return the addons, which may go now.

        A check of the chain is made before, and its outcome sealed too: what the removal changes is recorded as it
        is then.

        :raise AccessError: unless a system administrator asks
        """
        if not self.env.is_system():
            raise AccessError(
                self.env._("Only a system administrator removes addons with evidence.")
            )
        user = self.env.user
        for company in self._srsp_find_evidence():
            check = self.env["srsp.event.check"]._check(company)
            payload = {
                "addons": {addon.name: addon.latest_version for addon in self},
                "by": {"name": user.name, "login": user.login},
                "reason": reason,
                "check": {"state": check.state, "findings": check.finding_count},
            }
            self.env["srsp.event"]._seal(check, CONFIRMATION, payload)
        return self.with_context(srsp_removal=CONFIRMED)

    def _srsp_seal_removal(self):
        """Seal what goes with these addons, in the transaction that removes them: about the confirmation, if any."""
        events = self.env["srsp.event"].sudo()
        for company, found in self._srsp_find_evidence().items():
            own = [("company_id", "=", company.id)]
            confirmed = [*own, ("kind", "=", CONFIRMATION)]
            latest = events.search(confirmed, order="sequence desc", limit=1)
            payload = {
                "addons": {addon.name: addon.latest_version for addon in self},
                "confirmed": latest.sequence,
                "models": self._srsp_count_records(company, found),
            }
            events._seal(latest or events.search(own, limit=1), REMOVAL, payload)

    def _srsp_count_records(self, company, events):
        """Return ``{model: {"records", "events", "last"}}`` of what goes; ``last`` is the highest number given."""
        counts = {}
        for name in self._srsp_get_lost_models():
            model = self.env.get(name)
            if model is None or not model._auto or model._abstract or model._transient:
                continue
            model = model.sudo().with_context(active_test=False)
            stored = [field.name for field in model._fields.values() if field.store]
            domain = [("company_id", "=", company.id)] if "company_id" in stored else []
            aggregates = ["__count", *(["number:max"] if "number" in stored else [])]
            [[count, *last]] = model._read_group(domain, [], aggregates)
            if count or name in events:
                counts[name] = {"records": count, "events": events.get(name, 0)}
                if last and last[0]:
                    counts[name]["last"] = last[0]
        return counts

    def _srsp_forget_users(self):
        """Take the logins of the demonstration, which our tables still hold, from what Odoo deletes."""
        data = self.env["ir.model.data"].sudo()
        own = [("module", "in", self.mapped("name"))]
        users = data.search([*own, ("model", "=", "res.users")])
        ids = users.mapped("res_id")
        (users + data.search([*own, ("model", "=", "res.partner")])).unlink()
        return ids

    def _srsp_delete_users(self, ids):
        """Delete these users, one by one: who is kept by a table of another addon stays archived."""
        cr = self.env.cr
        for user in ids:
            with contextlib.suppress(psycopg2.IntegrityError), cr.savepoint():
                cr.execute(
                    "DELETE FROM res_users WHERE id = %s RETURNING partner_id", [user]
                )
                partners = [partner for [partner] in cr.fetchall()]
                cr.execute("DELETE FROM res_partner WHERE id = ANY(%s)", [partners])
