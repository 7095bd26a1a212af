from odoo import api, models

# What may take a target into or out of a task's pool, or into another of its strata.
POOL_FIELDS = frozenset(
    "name region_id permit_number permit_valid_until risk_class is_key state".split()
)
CODES_SHOWN = 3


class SrspTarget(models.Model):
    """From the announcement of a draw to the lock of its roster, the task says how its sector's registry changes."""

    _inherit = "srsp.target"

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(vals_list)
        targets._tell_tasks(lambda env: env._("new in the registry"))
        return targets

    def write(self, vals):
        result = super().write(vals)
        if names := sorted(POOL_FIELDS & vals.keys()):
            self._tell_tasks_of_change(self, names)
        return result

    def _tell_tasks_of_change(self, record, names):
        """Tell the tasks which fields ``names`` of ``record`` have changed, the targets themselves or their entity."""

        def tell(env):
            labels = [record._fields[n]._description_string(env) for n in names]
            return env._(
                "changed in the registry: %(fields)s", fields=", ".join(labels)
            )

        self._tell_tasks(tell)

    def _tell_tasks(self, tell):
        """Put on record with every announced task of these targets' sectors what has happened to them.

        :param tell: a function that says it in the language of an environment
        """
        for sector, targets in self.sudo().grouped("sector_id").items():
            codes = ", ".join(targets[:CODES_SHOWN].mapped("code"))
            if len(targets) > CODES_SHOWN:
                codes += f" … ({len(targets)})"
            for task in self._find_announced_tasks(sector):
                task = task.company_id._srsp_in_language(task)
                task.message_post(
                    body=task.env._(
                        "After the announcement, %(targets)s: %(what)s",
                        targets=codes,
                        what=tell(task.env),
                    )
                )

    @api.model
    def _find_announced_tasks(self, sectors):
        """Tasks of ``sectors`` that are announced and whose roster is not locked yet, in superuser mode."""
        return (
            self.env["srsp.task"]
            .sudo()
            .search(
                [
                    "|",
                    ("sector_id", "in", sectors.ids),
                    ("item_ids.sector_id", "in", sectors.ids),
                    ("announced_on", "!=", False),
                    ("state", "=", "planned"),
                ]
            )
        )
