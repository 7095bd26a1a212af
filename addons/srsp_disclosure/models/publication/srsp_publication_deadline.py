from odoo import api, fields, models
from odoo.tools import SQL

MOVE = """
  WITH moved AS (SELECT id, number, deadline FROM srsp_publication
                  WHERE id = ANY (%(ids)s)
                    AND (deadline, is_provisional) IS DISTINCT FROM (%(deadline)s, %(provisional)s) FOR UPDATE),
       delivery AS (UPDATE srsp_delivery SET deadline = %(deadline)s FROM moved WHERE publication_id = moved.id)
UPDATE srsp_publication publication SET deadline = %(deadline)s, is_provisional = %(provisional)s
  FROM moved WHERE moved.id = publication.id
RETURNING moved.number, moved.deadline
"""


class SrspPublication(models.Model):
    """Deadlines that the calendar moves: of results that are not disclosed yet."""

    _inherit = "srsp.publication"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    exception_ids = fields.Many2many(
        "srsp.calendar.exception",
        string="Exceptions to the Calendar",
        compute="_compute_exception_ids",
        groups="base.group_user",
        help="Days on which the bureau's calendar differs from the State's, between the result and its deadline.",
    )

    @api.depends("formed_on", "deadline", "company_id")
    def _compute_exception_ids(self):
        exceptions = self.env["srsp.calendar.exception"]
        due = self.filtered("deadline")
        if due:
            exceptions = exceptions.search(
                [
                    ("company_id", "in", due.company_id.ids),
                    ("date", ">", min(due.mapped("formed_on"))),
                    ("date", "<=", max(due.mapped("deadline"))),
                ],
                order="date, id",
            )
        for publication in self:
            publication.exception_ids = publication.deadline and exceptions.filtered(
                lambda exception, one=publication: (
                    exception.company_id == one.company_id
                    and one.formed_on < exception.date <= one.deadline
                )
            )

    @api.model
    def _recount_deadlines(self, domain):
        """Count the open deadlines of ``domain`` again after a change of the calendar.

        :return: ``[(number, deadline before, deadline now), …]`` of those that have moved, in ascending order
        """
        for name in ("srsp.publication", "srsp.delivery"):
            self.env[name].flush_model()
        moves = []
        for day, ids in self._group_open(domain).items():
            vals = self._prepare_deadline_vals(*day)
            rows = self.env.execute_query(
                SQL(
                    MOVE,
                    ids=ids,
                    deadline=vals["deadline"],
                    provisional=vals["is_provisional"],
                )
            )
            moves += [
                (number, before, vals["deadline"])
                for number, before in rows
                if before != vals["deadline"]
            ]
        for name in ("srsp.publication", "srsp.delivery"):
            self.env[name].invalidate_model()
        return sorted(moves)

    @api.model
    def _group_open(self, domain):
        """Return what has a deadline and is not disclosed yet: ``{(company, formed on, days): ids}``."""
        waiting = [("deadline", "!=", False), ("disclosed_on", "=", False)]
        names = ["company_id", "task_id", "formed_on:day"]
        days, groups = {}, {}
        for company, task, formed_on, ids in self.sudo()._read_group(
            [*waiting, *domain], names, ["id:array_agg"]
        ):
            if task not in days:
                days[task] = task._get_rulebook().disclosure_days
            groups.setdefault((company, formed_on, days[task]), []).extend(ids)
        return groups
