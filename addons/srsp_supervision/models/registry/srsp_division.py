import datetime
from collections import Counter

from odoo import models

from ...tools import clock
from ..base.isolation import do_each
from .srsp_target import PERMIT_DAYS

ACTIVITY = "srsp_supervision.mail_activity_permits"


class SrspDivision(models.Model):
    """The head of a division is told of permits that have expired or soon will: one to-do, with their number."""

    _name = "srsp.division"
    _inherit = ["srsp.division", "mail.thread", "mail.activity.mixin"]

    def _cron_remind_permits(self):
        """Open, correct or remove the to-do of each division's head, as the registry stands today."""
        today = clock.today()
        expired, soon = self._count_permits(today)

        def remind(division):
            head = division.manager_id.filtered("active")
            known = division.activity_search([ACTIVITY])
            mine = known.filtered(lambda activity, head=head: activity.user_id == head)
            counts = (expired[division], soon[division])
            if not head or not any(counts):
                known.unlink()
                return
            (known - mine[:1]).unlink()
            vals = division._prepare_permit_activity(*counts)
            if mine:
                mine[:1].write(vals)
            else:
                division.activity_schedule(ACTIVITY, today, user_id=head.id, **vals)

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
