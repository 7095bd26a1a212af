from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import clock
from ..base.isolation import attempt


class SrspList(models.Model):
    """When a version is in force, and what happens on the day on which it takes effect."""

    _inherit = "srsp.list"

    is_in_force = fields.Boolean(
        "In Force", compute="_compute_is_in_force", search="_search_is_in_force"
    )

    @api.depends("state", "effective_date")
    def _compute_is_in_force(self):
        ids = self._find_in_force_ids()
        for record in self:
            record.is_in_force = record.id in ids

    @api.model
    def _search_is_in_force(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = Domain("id", "in", list(self._find_in_force_ids()))
        return found if True in value else ~found

    @api.model
    def _find_in_force_ids(self, date=None):
        """Ids of the versions in force on ``date`` (today): per company and kind the latest to take effect."""
        self.flush_model()
        query = SQL(
            """
            SELECT DISTINCT ON (company_id, kind) id FROM srsp_list
             WHERE state IN ('published', 'superseded') AND effective_date <= %s
             ORDER BY company_id, kind, effective_date DESC, version DESC
            """,
            date or clock.today(),
        )
        return {list_id for (list_id,) in self.env.execute_query(query)}

    @api.model
    def _get_in_force(self, kind, company, date=None):
        """The version of ``kind`` in force on ``date`` (today if none is given), or an empty set."""
        in_force = self.sudo().browse(self._find_in_force_ids(date))
        return in_force.filtered_domain(
            [("kind", "=", kind), ("company_id", "=", company.id)]
        )

    def _check_effective_date(self, today):
        """Raise for a date in the past, or one on which another version already holds or will hold."""
        if not self.env.su and self.effective_date < today:
            raise UserError(
                self.env._(
                    "%(list)s: it cannot take effect on %(date)s, which has passed.",
                    list=self.name,
                    date=self.effective_date,
                )
            )
        later = self._find_siblings(
            ("state", "in", ("published", "superseded")),
            ("effective_date", ">=", self.effective_date),
        )[:1]
        if later:
            raise UserError(
                self.env._(
                    "%(list)s cannot take effect on %(date)s: %(other)s takes effect on %(later)s. Choose a later day.",
                    list=self.name,
                    date=self.effective_date,
                    other=later.name,
                    later=later.effective_date,
                )
            )

    @api.model
    def _take_effect(self):
        """Supersede what is no longer in force, and move tasks not yet announced to the new version.

        Items that the new version has retired are reported.
        """
        for version in self.sudo().browse(self._find_in_force_ids()):
            earlier = version._find_siblings(
                ("state", "=", "published"),
                ("effective_date", "<", version.effective_date),
            )
            earlier.state = "superseded"
            tasks = version.env["srsp.task"].search(
                [
                    ("state", "=", "planned"),
                    ("announced_on", "=", False),
                    ("item_ids.list_id", "in", earlier.ids),
                ]
            )
            successors = tasks.item_ids._find_successors(version)
            for task in version.company_id._srsp_in_language(tasks):
                task._follow_items(successors, version)

    @api.model
    def _cron_daily(self):
        """What the calendar brings: versions taking effect, repealed laws, reminders, escalations."""
        bases, parts = self.env["srsp.legal.basis"], self.env["srsp.list.part"]
        for work in (self._take_effect, bases._report_repealed, parts._remind):
            attempt(self.env.cr, work)
