import datetime

from odoo import models


class Base(models.AbstractModel):
    """Groups by 9999-12-31, which registries have for “without end”, like by any other day."""

    _inherit = "base"

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        name = groupby_spec.partition(":")[0]

        def format_last(value):
            """The last period that a date can be in has no next one, at whose beginning it would end."""
            try:
                return formatter(value)
            except (OverflowError, ValueError):
                if getattr(value, "year", 0) != datetime.MAXYEAR:
                    raise
            first = str(value)[:10]
            return (first, self.env._("No end")), [(name, ">=", first)]

        return format_last
