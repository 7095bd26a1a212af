from odoo import api, fields, models

WOKEN = "srsp.woken"  # of a transaction: {scheduled action: its row}


class IrCron(models.Model):
    """Waking a scheduled action adds one row, however often the act that asks for it is repeated."""

    _inherit = "ir.cron"

    @api.model
    def _srsp_wake(self, name, at=None):
        """Run the scheduled action ``name`` (external ID) at ``at`` (UTC), or right after the commit.

        One row for each moment to come, and one for each transaction that wants it at once: a row of another
        transaction may have been used up before this one commits.
        """
        cron = self.env.ref(name).sudo()
        triggers = self.env["ir.cron.trigger"].sudo()
        if at and at > fields.Datetime.now():
            domain = [("cron_id", "=", cron.id), ("call_at", "=", at)]
            if not triggers.search_count(domain, limit=1):
                cron._trigger(at)
            return
        woken = self.env.cr.precommit.data.setdefault(WOKEN, {})
        # A savepoint may have taken it back.
        if not triggers.browse(woken.get(cron.id)).exists():
            woken[cron.id] = cron._trigger().id
