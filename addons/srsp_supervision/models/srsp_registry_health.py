from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from ..tools.working_days import beijing_date
from .srsp_target import PERMIT_DAYS


class SrspRegistryHealth(models.Model):
    """How complete and how fresh the registry of each sector is: one row per sector, counted when read.

    Removed targets do not count. ``complete`` is what ``srsp.target.is_complete`` finds, ``duplicates``
    what ``is_possible_duplicate`` finds.
    """

    _name = "srsp.registry.health"
    _description = "Registry health"
    _auto = False
    _order = "sequence, id"
    _rec_name = "sector_id"
    _depends = {
        "srsp.sector": ["active", "company_id", "division_id", "sequence"],
        "srsp.target": [
            "entity_id",
            "permit_number",
            "permit_valid_until",
            "region",
            "risk_class",
            "sector_id",
            "state",
            "write_date",
        ],
        "srsp.entity": ["address", "kind", "legal_representative", "name", "uscc"],
        "srsp.registry.confirmation": ["sector_id", "version", "year"],
    }

    sector_id = fields.Many2one("srsp.sector", readonly=True)
    division_id = fields.Many2one("srsp.division", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    sequence = fields.Integer(readonly=True)
    target_count = fields.Integer("Targets", readonly=True)
    complete_count = fields.Integer("Complete", readonly=True)
    incomplete_count = fields.Integer("Incomplete", readonly=True)
    complete_share = fields.Float("Share Complete", readonly=True, aggregator="avg")
    fresh_count = fields.Integer("Updated Within a Year", readonly=True)
    stale_count = fields.Integer("Not Touched for a Year", readonly=True)
    no_risk_count = fields.Integer("Without a Risk Class", readonly=True)
    expired_count = fields.Integer("Permits Expired", readonly=True)
    soon_count = fields.Integer("Permits Running Out", readonly=True)
    duplicate_count = fields.Integer("Possible Duplicates", readonly=True)
    confirmation_id = fields.Many2one("srsp.registry.confirmation", readonly=True)
    confirmed_on = fields.Datetime(related="confirmation_id.confirmed_on")
    confirmed_by_id = fields.Many2one(related="confirmation_id.confirmed_by_id")
    confirmation_state = fields.Selection(
        [("done", "Confirmed this year"), ("open", "To confirm")], readonly=True
    )

    @property
    def _table_query(self):
        today = beijing_date(fields.Datetime.now())
        return SQL(
            """
            SELECT sector.id, sector.id AS sector_id, sector.division_id, sector.company_id, sector.sequence,
                   coalesce(counted.targets, 0)::int AS target_count,
                   coalesce(counted.complete, 0)::int AS complete_count,
                   coalesce(counted.targets - counted.complete, 0)::int AS incomplete_count,
                   coalesce(counted.complete::float / counted.targets, 0) AS complete_share,
                   coalesce(counted.fresh, 0)::int AS fresh_count,
                   coalesce(counted.targets - counted.fresh, 0)::int AS stale_count,
                   coalesce(counted.no_risk, 0)::int AS no_risk_count,
                   coalesce(counted.expired, 0)::int AS expired_count,
                   coalesce(counted.soon, 0)::int AS soon_count,
                   coalesce(doubled.targets, 0)::int AS duplicate_count,
                   confirmed.id AS confirmation_id,
                   CASE WHEN confirmed.year = %(year)s THEN 'done' ELSE 'open' END AS confirmation_state
              FROM srsp_sector sector
         LEFT JOIN (%(counted)s) counted ON counted.sector_id = sector.id
         LEFT JOIN (%(doubled)s) doubled ON doubled.sector_id = sector.id
         LEFT JOIN (SELECT DISTINCT ON (sector_id) id, sector_id, year FROM srsp_registry_confirmation
                     ORDER BY sector_id, year DESC, version DESC) confirmed ON confirmed.sector_id = sector.id
             WHERE sector.active
            """,
            year=today.year,
            counted=self._get_count_sql(today),
            doubled=SQL(
                """SELECT sector_id, count(*) AS targets FROM srsp_target
                    WHERE id IN %s GROUP BY sector_id""",
                self.env["srsp.target"]._get_duplicate_sql(),
            ),
        )

    def _get_count_sql(self, today):
        return SQL(
            """
            SELECT target.sector_id, count(*) AS targets,
                   count(*) FILTER (WHERE coalesce(target.region, '') != ''
                       AND coalesce(target.permit_number, '') != '' AND target.risk_class IS NOT NULL
                       AND (entity.kind IN ('project', 'area') OR coalesce(entity.address, '') != '')
                       AND (entity.kind NOT IN ('enterprise', 'institution')
                            OR coalesce(entity.legal_representative, '') != '')
                       AND (entity.kind NOT IN ('enterprise', 'institution', 'individual')
                            OR entity.uscc IS NOT NULL)) AS complete,
                   count(*) FILTER (WHERE target.write_date >= %(year_ago)s) AS fresh,
                   count(*) FILTER (WHERE target.risk_class IS NULL) AS no_risk,
                   count(*) FILTER (WHERE target.permit_valid_until < %(today)s) AS expired,
                   count(*) FILTER (WHERE target.permit_valid_until BETWEEN %(today)s AND %(today)s + %(days)s) AS soon
              FROM srsp_target target JOIN srsp_entity entity ON entity.id = target.entity_id
             WHERE target.state != 'cancelled' GROUP BY target.sector_id
            """,
            year_ago=fields.Datetime.now() - relativedelta(years=1),
            today=today,
            days=PERMIT_DAYS,
        )

    def action_confirm(self):
        """Confirm the registry of the sector for this year; see ``srsp.registry.confirmation``."""
        self.ensure_one()
        confirmation = self.env["srsp.registry.confirmation"]._confirm(self.sector_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": confirmation._name,
            "res_id": confirmation.id,
            "view_mode": "form",
        }

    def action_open_targets(self):
        """The sector's targets, with the search filter that the context key ``health_filter`` names."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_supervision.srsp_target_action"
        )
        context = {
            "search_default_in_registry": 1,
            "search_default_sector_id": self.sector_id.id,
        }
        if name := self.env.context.get("health_filter"):
            context[f"search_default_{name}"] = 1
        return dict(action, context=context)
