from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import clock

# (sector_id, year, targets, draws) of the draws that hold; a target that was substituted does not count.
DRAWN = """
SELECT target.sector_id, task.year, count(DISTINCT line.target_id) AS targets, count(DISTINCT draw.id) AS draws
  FROM srsp_draw draw
  JOIN srsp_task task ON task.id = draw.task_id
  JOIN srsp_draw_line line ON line.draw_id = draw.id AND line.iteration IS NOT NULL
  JOIN srsp_target target ON target.id = line.target_id
  LEFT JOIN (SELECT iteration.draw_id, entry->>0 AS label
               FROM srsp_draw_iteration iteration, jsonb_array_elements(
                    CASE jsonb_typeof(unavailable) WHEN 'array' THEN unavailable END) entry) gone
    ON gone.draw_id = draw.id AND gone.label = line.label
 WHERE draw.state = 'drawn' AND line.iteration > 0 AND gone.label IS NULL
 GROUP BY 1, 2
"""
# (id, sector_id, …, year, target_count, drawn_count, places, floor_ratio) of every sector and year.
EVERY = """
SELECT sector.id * 10000 + years.year AS id, sector.id AS sector_id, sector.division_id, sector.company_id,
       sector.sequence, years.year, coalesce(confirmed.target_count, size.targets, 0)::int AS target_count,
       coalesce(drawn.targets, 0)::int AS drawn_count, coalesce(drawn.draws, 0)::int AS draw_count,
       coalesce(planned.places, 0) AS places, coalesce(rulebook.floor_ratio, 0) AS floor_ratio
  FROM srsp_sector sector
  JOIN (SELECT company_id, year FROM srsp_task WHERE state != 'cancelled'
         UNION SELECT company_id, year FROM srsp_plan
         UNION SELECT id, %(this_year)s FROM res_company) years ON years.company_id = sector.company_id
  LEFT JOIN size ON size.sector_id = sector.id
  LEFT JOIN drawn ON drawn.sector_id = sector.id AND drawn.year = years.year
  LEFT JOIN planned ON planned.sector_id = sector.id AND planned.year = years.year
  LEFT JOIN LATERAL (SELECT target_count FROM srsp_registry_confirmation
                      WHERE sector_id = sector.id AND year = years.year AND years.year < %(this_year)s
                      ORDER BY version DESC LIMIT 1) confirmed ON true
  LEFT JOIN LATERAL (SELECT floor_ratio FROM srsp_rulebook
                      WHERE company_id = sector.company_id AND state = 'published'
                        AND effective_date <= make_date(years.year, 12, 31)
                      ORDER BY effective_date DESC LIMIT 1) rulebook ON true
 WHERE sector.active
"""


class SrspCoverage(models.Model):
    """How much of each sector's registry a year's draws reach, against the floor of the work plan, 二（二）.

    One row per sector and year, counted when read.

    The registry is counted as it stands, for a year gone by as it was last confirmed in that year; removed targets do
    not count. ``drawn_count`` counts every target once, substituted ones not at all. ``planned_count`` is what the
    ratios of tasks not drawn yet ask for, each stratum's higher ratio aside: a lower bound that later draws of
    the same target may still reduce.
    """

    _name = "srsp.coverage"
    _description = "Coverage of the registries"
    _auto = False
    _order = "year desc, sequence, id"
    _rec_name = "sector_id"
    _depends = {
        "srsp.sector": ["active", "company_id", "division_id", "sequence"],
        "srsp.target": ["sector_id", "state"],
        "srsp.task": ["company_id", "state", "year"],
        "srsp.plan": ["company_id", "year"],
        "srsp.draw": ["state", "task_id"],
        "srsp.draw.iteration": ["draw_id", "unavailable"],
        "srsp.rulebook": ["company_id", "effective_date", "floor_ratio", "state"],
        "srsp.registry.confirmation": ["sector_id", "target_count", "version", "year"],
    }

    sector_id = fields.Many2one("srsp.sector")
    division_id = fields.Many2one("srsp.division")
    company_id = fields.Many2one("res.company")
    sequence = fields.Integer()
    year = fields.Integer(aggregator=False)
    is_this_year = fields.Boolean("This Year")
    target_count = fields.Integer("Registry Size")
    drawn_count = fields.Integer("Drawn")
    planned_count = fields.Integer(
        "Pending Draws", help="To be drawn by tasks that have not been drawn yet."
    )
    draw_count = fields.Integer(
        "Draws Held", help="Draws in which targets of the sector were drawn."
    )
    share = fields.Float(
        "Coverage Rate",
        aggregator="avg",
        help="Share of the registry that has been drawn or is still to be drawn.",
    )
    floor_ratio = fields.Float("Minimum Sampling Ratio", aggregator="avg")
    floor_count = fields.Integer("Minimum to Draw")
    missing_count = fields.Integer("Shortfall")
    state = fields.Selection(
        [("met", "Reached"), ("planned", "Planned"), ("below", "Below the floor")]
    )

    @property
    def _table_query(self):
        return SQL(
            """
            WITH size AS (SELECT sector_id, count(*) AS targets FROM srsp_target
                           WHERE state != 'cancelled' GROUP BY sector_id),
                 planned AS (%(planned)s),
                 drawn AS (%(drawn)s),
                 every AS (%(every)s)
            SELECT *, year = %(this_year)s AS is_this_year,
                   (drawn_count + planned_count)::float / nullif(target_count, 0) AS share,
                   greatest(floor_count - drawn_count - planned_count, 0) AS missing_count,
                   CASE WHEN drawn_count >= floor_count THEN 'met'
                        WHEN drawn_count + planned_count >= floor_count THEN 'planned' ELSE 'below' END AS state
              FROM (SELECT *, ceil(target_count * floor_ratio::numeric)::int AS floor_count,
                           least(places, greatest(target_count - drawn_count, 0))::int AS planned_count
                      FROM every) counted
            """,
            planned=self._get_planned_sql(),
            drawn=SQL(DRAWN),
            every=SQL(EVERY, this_year=clock.today().year),
            this_year=clock.today().year,
        )

    def _get_planned_sql(self):
        """(sector_id, year, places) that the tasks not drawn yet ask for. Equal filters are counted once."""
        parts = [SQL("SELECT 0 AS sector_id, 0 AS year, 0::numeric AS places")]
        for members in self.env["srsp.task"]._group_open():
            asks = [
                SQL("(%s, %s::numeric)", task.year, str(round(task.ratio, 4)))
                for task in members
            ]
            parts.append(
                SQL(
                    """SELECT pool.sector_id, ask.year, ceil(pool.targets * ask.ratio) AS places
                         FROM (%s) pool, (VALUES %s) ask (year, ratio)""",
                    self._get_pool_sql(members[0]),
                    SQL(", ").join(asks),
                )
            )
        return SQL(
            "SELECT sector_id, year, sum(places) AS places FROM (%s) part GROUP BY 1, 2",
            SQL(" UNION ALL ").join(parts),
        )

    def _get_pool_sql(self, task):
        """(sector_id, targets) of the task's pool; without a filter, from what has been counted already."""
        if task._is_whole():
            return SQL(
                "SELECT sector_id, targets FROM size WHERE sector_id = ANY(%s)",
                task.sector_ids.ids,
            )
        targets = self.env["srsp.target"].sudo().with_context(active_test=False)
        return SQL(
            "SELECT sector_id, count(*) AS targets FROM srsp_target WHERE id IN %s GROUP BY 1",
            targets._search(task._get_pool_domain()).subselect(),
        )

    @api.model
    def _find_missing(self, domain):
        """The rows of ``domain`` that stay below their floor, counted anew."""
        self.invalidate_model()
        return self.search([*domain, ("missing_count", ">", 0)])

    def _describe(self):
        """What is missing, one line per row."""
        return "\n".join(
            self.env._(
                "%(sector)s, %(year)s: %(reached)s of %(size)s targets drawn or planned; at least %(floor)s "
                "required, %(missing)s missing.",
                sector=row.sector_id.name,
                year=row.year,
                reached=row.drawn_count + row.planned_count,
                size=row.target_count,
                floor=row.floor_count,
                missing=row.missing_count,
            )
            for row in self
        )
