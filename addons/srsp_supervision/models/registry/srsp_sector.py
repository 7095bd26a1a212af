from odoo import fields, models
from odoo.tools import SQL

from ...tools.clock import beijing_date
from ...tools.sql import set_local
from ..base.isolation import do_each
from .srsp_target import COMPLETE, PERMIT_DAYS

# Per sector over its targets but the removed ones.
COUNT = """
SELECT target.sector_id, count(*)::int AS targets,
       count(*) FILTER (WHERE %(complete)s)::int AS complete,
       count(*) FILTER (WHERE %(fresh)s)::int AS fresh,
       count(*) FILTER (WHERE target.risk_class IS NULL)::int AS no_risk,
       count(*) FILTER (WHERE target.permit_valid_until < %(today)s)::int AS expired,
       count(*) FILTER (WHERE target.permit_valid_until BETWEEN %(today)s AND %(today)s + %(days)s)::int AS soon,
       count(twice.id)::int AS duplicates
  FROM srsp_target target JOIN srsp_entity entity ON entity.id = target.entity_id
  LEFT JOIN %(duplicates)s twice (id) ON twice.id = target.id
 WHERE target.state != 'cancelled' AND target.sector_id IN %(sectors)s
 GROUP BY target.sector_id
"""
WORK_MEMORY = "64MB"  # a million names at once would spill to disk several times over


class SrspSector(models.Model):
    """What ``srsp.registry.health`` shows of a registry, counted beforehand: at a million targets it takes seconds.

    Counted by the hour, after an import, when a registry is confirmed, and when somebody asks for it.
    """

    _inherit = "srsp.sector"

    registry_counts = fields.Json(readonly=True, copy=False, groups="base.group_system")
    registry_counted_on = fields.Datetime(
        readonly=True, copy=False, groups="base.group_system"
    )

    def _count_registry(self):
        """Count the registries of these sectors as they are now: ``{name in COUNT: number}`` in ``registry_counts``."""
        if not self:
            return
        self.env.flush_all()
        now, targets, cr = fields.Datetime.now(), self.env["srsp.target"], self.env.cr
        set_local(cr, work_mem=WORK_MEMORY)
        cr.execute(
            SQL(
                COUNT,
                complete=SQL(COMPLETE),
                fresh=targets._get_fresh_sql(),
                duplicates=targets._get_duplicate_sql(),
                today=beijing_date(now),
                days=PERMIT_DAYS,
                sectors=tuple(self.ids),
            )
        )
        counted = {row.pop("sector_id"): row for row in cr.dictfetchall()}
        for sector in self.sudo():
            sector.registry_counts = counted.get(sector.id, {})
            sector.registry_counted_on = now
        self.env["srsp.registry.health"].invalidate_model()

    def _cron_count_registries(self):
        sectors = self.search([("active", "=", True)])
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(sectors))
        for sector in sectors:
            do_each(sector.try_lock_for_update(), type(self)._count_registry)
            progress._commit_progress(1)
