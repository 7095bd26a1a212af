"""Foundations of all rooms: guarded records, divisions and registers, the calendar, company and users.

Entry points: ``srsp.guard.mixin`` (fields that no client writes), ``srsp.evidence.mixin`` (records that stay),
``srsp.check.mixin`` (roles, states), ``srsp.wizard.mixin`` (dialogues), ``srsp.division`` (who answers for what),
``res.company._srsp_next_number`` and ``_srsp_in_language``, ``_srsp_tell`` (a to-do that somebody gets in any case),
``srsp.monitor`` (what a monitoring program is told), ``ir.cron._srsp_wake``. The extensions of Odoo's own models keep
messages and attachments of our records as they were, to-dos and followers with those whose they are; ``silence`` is
what no client can switch off. May import no other room.
"""

from . import srsp_check_mixin
from . import srsp_guard_mixin
from . import srsp_evidence_mixin
from . import srsp_wizard_mixin
from . import last_day
from . import mail_activity
from . import mail_activity_mixin
from . import mail_followers
from . import mail_message
from . import mail_template
from . import mail_thread
from . import mail_tracking_value
from . import ir_attachment
from . import ir_config_parameter
from . import ir_cron
from . import ir_filters
from . import ir_http
from . import ir_rule
from . import ir_ui_view
from . import res_company
from . import res_groups
from . import res_lang
from . import res_partner
from . import res_users
from . import srsp_division
from . import srsp_sector
from . import srsp_calendar_day
from . import srsp_region
from . import srsp_tag
from . import srsp_qualification
from . import srsp_monitor
