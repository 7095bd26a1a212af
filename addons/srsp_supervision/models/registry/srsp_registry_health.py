from odoo import fields, models
from odoo.tools import SQL

from ...actions import get_action, get_form_action
from ...tools import clock


class SrspRegistryHealth(models.Model):
    """How complete and how fresh the registry of each sector is: one row per sector, as it was at ``counted_on``.

    Removed targets do not count. ``complete`` is what ``srsp.target.is_complete`` finds, ``duplicates``
    what ``is_possible_duplicate`` finds.
    """

    _name = "srsp.registry.health"
    _description = "Registry data quality"
    _auto = False
    _order = "sequence, id"
    _rec_name = "sector_id"
    _depends = {
        "srsp.sector": "active company_id division_id registry_counted_on registry_counts sequence".split(),
        "srsp.registry.confirmation": ["sector_id", "version", "year"],
    }

    sector_id = fields.Many2one("srsp.sector", readonly=True)
    division_id = fields.Many2one("srsp.division", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    sequence = fields.Integer(readonly=True)
    counted_on = fields.Datetime(readonly=True, help="Empty: not counted yet.")
    target_count = fields.Integer("Targets", readonly=True)
    complete_count = fields.Integer("Complete", readonly=True)
    incomplete_count = fields.Integer("Incomplete", readonly=True)
    complete_share = fields.Float("Completeness", readonly=True, aggregator="avg")
    fresh_count = fields.Integer("Changed or Confirmed Within a Year", readonly=True)
    stale_count = fields.Integer(
        "Neither Changed nor Confirmed for a Year", readonly=True
    )
    no_risk_count = fields.Integer("Without a Risk Class", readonly=True)
    expired_count = fields.Integer("Permits Expired", readonly=True)
    soon_count = fields.Integer("Permits Expiring Soon", readonly=True)
    duplicate_count = fields.Integer("Possible Duplicates", readonly=True)
    confirmation_id = fields.Many2one("srsp.registry.confirmation", readonly=True)
    confirmed_on = fields.Datetime(related="confirmation_id.confirmed_on")
    confirmed_by_id = fields.Many2one(related="confirmation_id.confirmed_by_id")
    confirmation_state = fields.Selection(
        [("done", "Confirmed this year"), ("open", "To confirm")], readonly=True
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT sector.id, sector.id AS sector_id, sector.division_id, sector.company_id, sector.sequence,
                   sector.registry_counted_on AS counted_on, counted.targets AS target_count,
                   counted.complete AS complete_count, counted.targets - counted.complete AS incomplete_count,
                   coalesce(counted.complete::float / nullif(counted.targets, 0), 0) AS complete_share,
                   counted.fresh AS fresh_count, counted.targets - counted.fresh AS stale_count,
                   counted.no_risk AS no_risk_count, counted.expired AS expired_count, counted.soon AS soon_count,
                   counted.duplicates AS duplicate_count, confirmed.id AS confirmation_id,
                   CASE WHEN confirmed.year = %s THEN 'done' ELSE 'open' END AS confirmation_state
              FROM srsp_sector sector
        CROSS JOIN jsonb_to_record(
                   '{"targets": 0, "complete": 0, "fresh": 0, "no_risk": 0, "expired": 0, "soon": 0, "duplicates": 0}'
                   || coalesce(sector.registry_counts, '{}'))
                AS counted (targets int, complete int, fresh int, no_risk int, expired int, soon int, duplicates int)
         LEFT JOIN (SELECT DISTINCT ON (sector_id) id, sector_id, year FROM srsp_registry_confirmation
                     ORDER BY sector_id, year DESC, version DESC) confirmed ON confirmed.sector_id = sector.id
             WHERE sector.active
            """,
            clock.today().year,
        )

    def action_count(self):
        """Count the registry again, for what has changed since."""
        self.check_access("read")
        self.sector_id._count_registry()

    def action_confirm(self):
        """Confirm the registry of the sector for this year; see ``srsp.registry.confirmation``."""
        self.ensure_one()
        confirmation = self.env["srsp.registry.confirmation"]._confirm(self.sector_id)
        return get_form_action(confirmation)

    def action_open_targets(self):
        """The sector's targets, with the search filter that the context key ``health_filter`` names."""
        self.ensure_one()
        context = {"search_default_sector_id": self.sector_id.id}
        for name in ("in_registry", self.env.context.get("health_filter")):
            if name:
                context[f"search_default_{name}"] = 1
        return get_action(self.env, "srsp_target_action", context=context)
