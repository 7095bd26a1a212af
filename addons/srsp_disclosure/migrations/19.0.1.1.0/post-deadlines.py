"""The calendar is one bureau's own since this version: open deadlines are counted by it."""

from odoo.api import SUPERUSER_ID, Environment


def migrate(cr, version):
    Environment(cr, SUPERUSER_ID, {})["srsp.publication"]._recount_deadlines([])
