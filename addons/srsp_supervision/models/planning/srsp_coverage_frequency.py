from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import clock
from ..rulebook.srsp_rulebook import RISK_CLASSES

CLASSES = [*RISK_CLASSES, ("none", "Without a risk class"), ("key", "Key targets")]
# The classes of a target, in a FROM clause: its risk class, and whether it is a key target.
KINDS = "unnest(array_remove(ARRAY[coalesce(risk_class, 'none'), CASE WHEN is_key THEN 'key' END], NULL)) found (kind)"
# Which classes, and whether key targets, the draw of each task covers: ``class`` and ``mark`` stand for all there are.
# Strata say it for what has been drawn; without strata a filter or a list sent down is looked up in the roster.
DRAWN = """
SELECT task_id, split_part(stratum->>'key', '/', 1) AS kind, TRUE AS is_held
  FROM drawn, jsonb_array_elements(strata) stratum WHERE external IS NULL AND by_class
 UNION
SELECT task_id, 'key', TRUE FROM drawn, jsonb_array_elements(strata) stratum
 WHERE external IS NULL AND by_key AND split_part(stratum->>'key', '/', CASE WHEN by_class THEN 2 ELSE 1 END) = 'key'
 UNION
SELECT task_id, every.kind, TRUE
  FROM drawn, LATERAL (VALUES ('class', by_class), ('mark', by_key)) every (kind, is_stratified)
 WHERE external IS NULL AND is_whole AND NOT is_stratified
 UNION
SELECT drawn.task_id, found.kind, TRUE
  FROM drawn
  JOIN srsp_draw_line line ON line.draw_id = drawn.id AND line.excluded_reason IS NULL
  JOIN srsp_target target ON target.id = line.target_id, %(found)s
 WHERE (drawn.external IS NOT NULL OR NOT is_whole)
   AND (drawn.external IS NOT NULL OR NOT CASE found.kind WHEN 'key' THEN by_key ELSE by_class END)
"""
QUERY = """
WITH present AS (
    SELECT DISTINCT sector_id, found.kind
      FROM (SELECT DISTINCT sector_id, risk_class, is_key FROM srsp_target WHERE state = 'active') target,
           %(found)s),
     drawn AS (
    SELECT draw.id, task_id, strata, external, draw.stratify_by LIKE 'risk_class%%' AS by_class,
           draw.stratify_by LIKE '%%key%%' AS by_key,
           btrim(coalesce(target_domain, '[]')) = '[]' AS is_whole
      FROM srsp_draw draw JOIN srsp_task task ON task.id = task_id WHERE draw.state = 'drawn'),
     covered AS (%(drawn)s UNION %(open)s),
     draws AS (
    SELECT task.company_id, task.year, upper(item.code) AS code, present.kind,
           count(DISTINCT task.id) FILTER (WHERE covered.is_held) AS held,
           count(DISTINCT task.id) FILTER (WHERE NOT covered.is_held) AS planned
      FROM covered
      JOIN srsp_task task ON task.id = covered.task_id AND task.state != 'cancelled'
      JOIN srsp_item_srsp_task_rel rel ON rel.srsp_task_id = task.id
      JOIN srsp_item item ON item.id = rel.srsp_item_id
      JOIN present ON present.sector_id = item.sector_id
       AND covered.kind IN (present.kind, CASE present.kind WHEN 'key' THEN 'mark' ELSE 'class' END)
  GROUP BY 1, 2, 3, 4),
     every AS (
    SELECT item.division_id, item.sector_id, years.company_id, years.year, present.kind,
           greatest(item.frequency, CASE present.kind
               WHEN 'A' THEN rulebook.frequency_a WHEN 'B' THEN rulebook.frequency_b
               WHEN 'C' THEN rulebook.frequency_c WHEN 'D' THEN rulebook.frequency_d
               WHEN 'key' THEN rulebook.frequency_key END, 0) AS required,
           coalesce(draws.held, 0) AS held, coalesce(draws.planned, 0) AS planned
      FROM (SELECT company_id, year, CASE WHEN year < %(this_year)s THEN make_date(year, 12, 31)
                   ELSE greatest(make_date(year, 1, 1), %(today)s::date) END AS day
              FROM (SELECT company_id, year FROM srsp_plan WHERE year BETWEEN 1900 AND 9999
                     UNION SELECT id, %(this_year)s FROM res_company) one) years
      JOIN LATERAL (SELECT id FROM srsp_list
                     WHERE company_id = years.company_id AND kind = 'item'
                       AND state IN ('published', 'superseded') AND effective_date <= years.day
                     ORDER BY effective_date DESC, version DESC LIMIT 1) list ON true
      JOIN srsp_item item ON item.list_id = list.id
      JOIN srsp_sector sector ON sector.id = item.sector_id AND sector.active
      JOIN present ON present.sector_id = item.sector_id
 LEFT JOIN LATERAL (SELECT * FROM srsp_rulebook WHERE company_id = years.company_id AND state = 'published'
                       AND effective_date <= years.day ORDER BY effective_date DESC LIMIT 1) rulebook ON true
 LEFT JOIN draws ON draws.company_id = years.company_id AND draws.year = years.year
       AND draws.code = upper(item.code) AND draws.kind = present.kind)
SELECT (division_id::bigint * 100000 + sector_id) * 100000 + year * 10 + array_position(%(kinds)s, kind) AS id,
       division_id, sector_id, company_id, year, year = %(this_year)s AS is_this_year, kind,
       sum(required)::int AS required_count, sum(held)::int AS held_count, sum(planned)::int AS planned_count,
       sum(greatest(required - held - planned, 0))::int AS missing_count
  FROM every GROUP BY division_id, sector_id, company_id, year, kind
"""


class SrspCoverageFrequency(models.Model):
    """How often the targets of each risk class, and key targets, are drawn in a year, against what is asked for.

    One row per division, sector, year and class of which the registry has active targets today, counted when read.
    Every item of the list asks for as many draws as it says itself, or as the rulebook says for the class if that is
    more; the numbers of a row are sums over the division's items in the sector. The list and the rulebook are those
    in force on the last day of a past year, today, or on the first day of a coming year. A voided draw counts for
    nothing.
    """

    _name = "srsp.coverage.frequency"
    _description = "Sampling frequency by class"
    _auto = False
    _order = "year desc, division_id, sector_id, kind"
    _rec_name = "sector_id"
    _depends = {
        "srsp.sector": ["active", "company_id"],
        "srsp.target": ["is_key", "risk_class", "sector_id", "state"],
        "srsp.task": ["company_id", "item_ids", "state", "target_domain", "year"],
        "srsp.plan": ["company_id", "year"],
        "srsp.draw": ["state", "strata", "stratify_by", "task_id"],
        "srsp.item": ["code", "division_id", "frequency", "list_id", "sector_id"],
        "srsp.list": ["company_id", "effective_date", "kind", "state"],
        "srsp.rulebook": (
            "company_id effective_date frequency_a frequency_b frequency_c frequency_d frequency_key state".split()
        ),
    }

    division_id = fields.Many2one("srsp.division")
    sector_id = fields.Many2one("srsp.sector")
    company_id = fields.Many2one("res.company")
    year = fields.Integer(aggregator=False)
    is_this_year = fields.Boolean("This Year")
    kind = fields.Selection(CLASSES, "Class")
    required_count = fields.Integer("Required Draws")
    held_count = fields.Integer("Draws Held")
    planned_count = fields.Integer("Planned Draws")
    missing_count = fields.Integer("Missing Draws")

    @property
    def _table_query(self):
        today = clock.today()
        return SQL(
            QUERY,
            found=SQL(KINDS),
            drawn=SQL(DRAWN, found=SQL(KINDS)),
            open=self._get_open_sql(),
            this_year=today.year,
            today=today,
            kinds=list(dict(CLASSES)),
        )

    def _get_open_sql(self):
        """(task_id, kind, is_held) of the tasks that are not drawn yet, see ``DRAWN``; equal filters count once."""
        targets = self.env["srsp.target"].sudo()
        parts = [SQL("SELECT NULL::integer, NULL::varchar, FALSE WHERE FALSE")]
        for members in self.env["srsp.task"]._group_open():
            kinds = SQL("VALUES ('class'), ('mark')")
            if not members[0]._is_whole():
                kinds = SQL(
                    "SELECT DISTINCT found.kind FROM srsp_target target, %s WHERE target.id IN %s",
                    SQL(KINDS),
                    targets._search(members[0]._get_pool_domain()).subselect(),
                )
            part = "SELECT task.id, every.kind, FALSE FROM unnest(%s) task (id), (%s) every (kind)"
            parts.append(SQL(part, members.ids, kinds))
        return SQL(" UNION ").join(parts)

    @api.model
    def _find_missing(self, domain):
        """The rows of ``domain`` with fewer draws than are asked for, counted anew."""
        self.env.flush_all()
        self.invalidate_model()
        return self.search([*domain, ("missing_count", ">", 0)])

    def _describe(self):
        """What is missing: one line for the classes of a sector that miss the same."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        same = self.grouped(
            lambda row: (
                row.sector_id,
                row.year,
                row.held_count + row.planned_count,
                row.required_count,
                row.missing_count,
            )
        )
        return "\n".join(
            self.env._(
                "%(sector)s, %(year)s, %(classes)s: %(reached)s draws held or planned, %(required)s required, "
                "%(missing)s missing.",
                sector=sector.name,
                year=year,
                classes=" · ".join(labels[row.kind] for row in rows),
                reached=reached,
                required=required,
                missing=missing,
            )
            for (sector, year, reached, required, missing), rows in same.items()
        )
