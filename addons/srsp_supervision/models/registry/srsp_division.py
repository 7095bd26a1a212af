import datetime
from collections import Counter

from odoo import models

from ...tools import clock
from ..base.isolation import do_each
from .srsp_target import PERMIT_DAYS

ACTIVITY = "srsp_supervision.mail_activity_permits"


class SrspDivision(models.Model):
    """Who answers for a division is told of permits that have expired or soon will: one to-do, with their number."""

    _name = "srsp.division"
    _inherit = ["srsp.division", "mail.thread", "mail.activity.mixin"]

    def _cron_remind_permits(self):
        """Open, correct or remove the to-do of whoever answers for a division, as the registry stands today."""
        today = clock.today()
        expired, soon = self._count_permits(today)

        def remind(division):
            known = division.activity_search([ACTIVITY])
            counts = (expired[division], soon[division])
            if not any(counts):
                known.unlink()
                return
            vals = division._prepare_permit_activity(*counts)
            readers = division.company_id._srsp_find_readers(
                division._get_heads(), f"{division}: {vals['summary']}"
            )
            todos = {todo.user_id: todo for todo in known if todo.user_id in readers}
            kept = known.browse().concat(*todos.values())
            kept.write(vals)
            (known - kept).unlink()
            new = readers - kept.user_id
            if new:
                division._srsp_tell(new, deadline=today, kind=ACTIVITY, **vals)

        do_each(self.search([("active", "=", True)]), remind)

    def _count_permits(self, today):
        """``{division: expired}, {division: running out}``, of the main and the further permits of targets."""
        last = today + datetime.timedelta(days=PERMIT_DAYS)
        rows = self.env["srsp.target"]._read_group(
            [("state", "!=", "cancelled"), ("permit_valid_until", "<=", last)],
            ["division_id", "permit_valid_until:day"],
            ["__count"],
        ) + self.env["srsp.target.permit"]._read_group(
            [("target_id.state", "!=", "cancelled"), ("valid_until", "<=", last)],
            ["target_id.division_id", "valid_until:day"],
            ["__count"],
        )
        expired, soon = Counter(), Counter()
        for division, until, count in rows:
            (expired if until < today else soon)[division] += count
        return expired, soon

    def _prepare_permit_activity(self, expired, soon):
        env = self.company_id._srsp_in_language(self).env
        return {
            "summary": env._(
                "%(count)s permits have expired or expire within %(days)s days",
                count=expired + soon,
                days=PERMIT_DAYS,
            ),
            "note": env._(
                "%(expired)s have expired, %(soon)s expire soon. See Targets and Further Permits under "
                "Registries, filters “Permit expired” and “Permit expires within 60 days”.",
                expired=expired,
                soon=soon,
            ),
        }
