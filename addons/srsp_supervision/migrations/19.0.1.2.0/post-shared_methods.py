"""Methods that all bureaus share are the system administrator's; an update leaves the rules of a database alone."""

from odoo.api import SUPERUSER_ID, Environment


def migrate(cr, version):
    env = Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("srsp_supervision.srsp_method_rule_administrator")
    rule.groups = env.ref("base.group_system")
