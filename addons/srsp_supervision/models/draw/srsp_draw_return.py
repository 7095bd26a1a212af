from odoo import fields, models
from odoo.tools import SQL

from ...actions import get_action

# A target that was not active at the lock, and its first way back within the days that the company has set.
QUERY = """
SELECT draw.id::bigint * 4294967296 + back.id AS id, draw.id AS draw_id, draw.company_id, target.id AS target_id,
       target.entity_id, back.old AS state_before, back.changed_on AS returned_on, back.user_id
  FROM srsp_draw draw
  JOIN srsp_task task ON task.id = draw.task_id
  JOIN res_company company ON company.id = draw.company_id
  JOIN srsp_target_change back ON back.field = 'state' AND back.new = 'active' AND back.changed_on > draw.locked_at
   AND back.changed_on <= draw.locked_at + company.srsp_return_days * interval '1 day'
  JOIN srsp_target target ON target.id = back.target_id AND target.company_id = draw.company_id
 WHERE draw.external IS NULL
   AND (target.sector_id = task.sector_id OR EXISTS (
            SELECT FROM srsp_item_srsp_task_rel rel JOIN srsp_item item ON item.id = rel.srsp_item_id
             WHERE rel.srsp_task_id = task.id AND item.sector_id = target.sector_id))
   AND NOT EXISTS (
            SELECT FROM srsp_target_change away
             WHERE away.target_id = target.id AND away.field = 'state' AND away.old = 'active'
               AND away.changed_on > draw.locked_at AND away.changed_on <= back.changed_on)
"""


class SrspDrawReturn(models.Model):
    """A target that no draw could take when a roster was locked, and that was back soon afterwards.

    One row per draw of the bureau's own and target; ``res.company.srsp_return_days`` says how soon. Who lets a company
    sit out one draw shows here, for the auditor by name and for the public as a number.
    """

    _name = "srsp.draw.return"
    _description = "Target back soon after a roster lock"
    _auto = False
    _order = "returned_on desc, id desc"
    _rec_name = "target_id"
    _depends = {
        "res.company": ["srsp_return_days"],
        "srsp.draw": ["company_id", "external", "locked_at", "task_id"],
        "srsp.item": ["sector_id"],
        "srsp.target": ["company_id", "entity_id", "sector_id"],
        "srsp.target.change": "changed_on field new old target_id user_id".split(),
        "srsp.task": ["item_ids", "sector_id"],
    }

    draw_id = fields.Many2one("srsp.draw", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    target_id = fields.Many2one("srsp.target", readonly=True)
    entity_id = fields.Many2one("srsp.entity", readonly=True)
    state_before = fields.Selection(
        [("suspended", "Suspended"), ("cancelled", "Removed")],
        "State at the Return",
        readonly=True,
    )
    returned_on = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", "Returned By", readonly=True)

    @property
    def _table_query(self):
        return SQL(QUERY)


class SrspDraw(models.Model):
    """How many targets sat out a draw and came back."""

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    return_count = fields.Integer(
        "Returned Targets",
        compute="_compute_return_count",
        compute_sudo=True,
        help="Targets that left the registry before the roster lock and came back soon after it.",
    )

    def _compute_return_count(self):
        returns = self.env["srsp.draw.return"]
        domain = [("draw_id", "in", self.ids)]
        counts = dict(returns._read_group(domain, ["draw_id"], ["__count"]))
        for draw in self:
            draw.return_count = counts.get(draw, 0)

    def action_view_returns(self):
        self.ensure_one()
        domain = [("draw_id", "=", self.id)]
        return get_action(self.env, "srsp_draw_return_action", domain=domain)
