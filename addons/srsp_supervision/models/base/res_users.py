import logging
from collections import defaultdict
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessDenied, ValidationError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import format_list

_logger = logging.getLogger(__name__)
# A whole bureau may share one address behind its proxy: it may fail this many times as often as one user.
ADDRESS_FACTOR = 10


class ResUsers(models.Model):
    _inherit = "res.users"

    srsp_division_ids = fields.Many2many(
        "srsp.division",
        "srsp_division_users_rel",
        "user_id",
        "division_id",
        string="Divisions",
    )

    def _register_hook(self):
        """Log who can write code in spite of the constraint, as in a database made before it."""
        super()._register_hook()
        if writers := self._find_srsp_code_writers():
            _logger.warning(
                "Users with a role in supervision can write templates or pages; remove these groups from %s",
                ", ".join(writers.mapped("login")),
            )

    @api.model
    def _default_groups(self):
        """New users get no right to write code, whatever other modules add to the default."""
        return (
            super()._default_groups() - self._srsp_get_code_groups().all_implied_by_ids
        )

    @api.model
    def _srsp_get_code_groups(self):
        """Groups whose members write templates, pages or unfiltered HTML, and so read and change any record."""
        names = (
            "base.group_sanitize_override",
            "mail.group_mail_template_editor",
            "website.group_website_designer",
        )
        groups = [self.env.ref(name, raise_if_not_found=False) for name in names]
        return self.env["res.groups"].union(*filter(None, groups))

    @api.model
    def _find_srsp_code_writers(self, domain=Domain.TRUE):
        """Users with a role in supervision and a right to write code, except system administrators."""
        roles = self.env.ref("srsp_supervision.res_groups_privilege_srsp").group_ids
        everybody = self.sudo().with_context(active_test=False)
        administrators = everybody.env.ref("base.group_system").all_user_ids
        return everybody.search(
            domain
            & Domain("all_group_ids", "in", roles.ids)
            & Domain("all_group_ids", "in", self._srsp_get_code_groups().ids)
            & Domain("id", "not in", administrators.ids)
        )

    @api.constrains("group_ids")
    def _check_srsp_code_writers(self):
        """Whoever else has both from before does not keep these users from being changed."""
        if writers := self._find_srsp_code_writers(Domain("id", "in", self.ids)):
            groups = writers.all_group_ids & self._srsp_get_code_groups()
            raise ValidationError(
                self.env._(
                    "%(users)s cannot have a role in supervision together with “%(groups)s”: whoever writes"
                    " templates or pages can read and change every record. Remove these groups first.",
                    users=format_list(self.env, writers[:10].mapped("name")),
                    groups=format_list(self.env, groups.mapped("full_name")),
                )
            )

    def _srsp_get_signature(self, company):
        """Return how evidence of ``company`` names this user: the name, and the user's number, which never changes."""
        return f"{self.name} [uid {self.id}]"

    def _mfa_type(self):
        """Ask for a code by e-mail whoever holds a group that requires a second factor and has no app for it.

        Odoo's own setting asks everybody or all employees; the mail invites to set up an app.
        """
        kind = super()._mfa_type()
        if kind is None and any(self.sudo().all_group_ids.mapped("srsp_two_factor")):
            return "totp_mail"
        return kind

    def write(self, vals):
        result = super().write(vals)
        if "srsp_division_ids" in vals:
            self.env.registry.clear_cache()  # record rules are cached with the user's divisions
        return result

    def authenticate(self, credential, user_agent_env):
        """Keep ``web.base.url`` once it names a real host.

        Odoo sets it to the address under which a system administrator signs in, so that a forged ``Host`` header would
        change every link that the server sends.
        """
        address = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        if urlsplit(address).hostname not in (None, "localhost", "127.0.0.1"):
            user_agent_env = {**(user_agent_env or {}), "base_location": None}
        return super().authenticate(credential, user_agent_env)

    @contextmanager
    def _assert_can_auth(self, user=None):
        """Refuse a user's logins for a while after several failures in a row, at every entry point.

        Odoo counts by address alone: an attacker locks out everybody behind the same address, is not stopped when
        coming from many, and RPC is not counted at all. Like Odoo's, the count is per process.
        """
        # A login comes with a password, an id with a one-time code: success at one does not clear the other's failures.
        door = type(user)
        if door is str:
            user = self.sudo().search(self._get_login_domain(user), limit=1).id
        allowed = {(door, user): 1} if user else {}
        if request:
            allowed["address", request.httprequest.remote_addr] = ADDRESS_FACTOR
        failures = self.pool.__dict__.setdefault(
            "_srsp_login_failures", defaultdict(lambda: (0, datetime.min))
        )
        for source, factor in allowed.items():
            count, last = failures[source]
            if self._on_login_cooldown(count // factor, last):
                _logger.warning(
                    "Login attempt ignored for %s: %s failures", source, count
                )
                raise AccessDenied(
                    self.env._(
                        "Too many login failures, please wait a bit before trying again."
                    )
                )
        try:
            yield
        except AccessDenied:
            for source in allowed:
                failures[source] = failures[source][0] + 1, datetime.now()
            raise
        for source in allowed:
            failures.pop(source, None)

    @api.model
    def _srsp_get_home_actions(self):
        """``[(group, action), …]`` as external ids: the first group that a user is in decides."""
        actions = {
            "group_policy_officer": "srsp_task_action",
            "group_division_manager": "srsp_task_action",
            "group_auditor": "srsp_draw_action",
            "group_division_officer": "srsp_task_action",
            "group_inspector": "srsp_inspection_action_mine",
        }
        addon = "srsp_supervision"
        return [(f"{addon}.{group}", f"{addon}.{a}") for group, a in actions.items()]

    def _srsp_get_home_action(self):
        """The action that opens after sign-in for the role of this user; none without a role."""
        self.ensure_one()
        for group, action in self._srsp_get_home_actions():
            if self.has_group(group):
                return self.env.ref(action).sudo()
        return self.env["ir.actions.act_window"]

    def _on_webclient_bootstrap(self):
        """Users with a role here are not greeted by OdooBot, whose chat window would cover their work."""
        if (
            "odoobot_state" in self._fields
            and self.odoobot_state in (False, "not_initialized")
            and self._srsp_get_home_action()
        ):
            self.sudo().odoobot_state = "disabled"
        return super()._on_webclient_bootstrap()
