from odoo import api, fields, models

PERSONAL = ("sex", "mobile", "education", "education_field")


def _kept(name):
    """Return the arguments of a field that keeps its value under ``name`` in ``personal_data``."""
    return {
        "compute": "_compute_personal",
        "inverse": lambda self: self._keep_personal(name),
        "compute_sudo": True,
    }


class SrspInspector(models.Model):
    """Personal data of inspectors, which is for their division, for themselves and for those who see the whole bureau.

    Everybody may know who is in the pools; a record rule would hide the whole inspector, so these values stand in one
    column that nobody reads, and the fields show it to those it is for.
    """

    _inherit = "srsp.inspector"

    personal_data = fields.Json(groups=fields.NO_ACCESS, copy=False)
    sex = fields.Selection([("female", "Female"), ("male", "Male")], **_kept("sex"))
    mobile = fields.Char(help="Never published.", **_kept("mobile"))
    education = fields.Selection(
        [
            ("secondary", "Secondary school"),
            ("college", "Junior college"),
            ("bachelor", "Bachelor"),
            ("master", "Master"),
            ("doctor", "Doctor"),
        ],
        **_kept("education"),
    )
    education_field = fields.Char("Field of Study", **_kept("education_field"))
    shows_personal = fields.Boolean(compute="_compute_personal", compute_sudo=True)

    @api.depends("personal_data", "division_id", "user_id")
    @api.depends_context("uid")
    def _compute_personal(self):
        user = self.env.user
        sees_all = self._sees_all_personal()
        for inspector in self:
            is_near = inspector.division_id in user.srsp_division_ids
            is_shown = sees_all or is_near or inspector.user_id == user
            data = is_shown and inspector.personal_data or {}
            inspector.shows_personal = is_shown
            for name in PERSONAL:
                inspector[name] = data.get(name, False)

    def _keep_personal(self, name):
        """Keep what has been written into the field ``name``; of the others, the ORM says nothing meanwhile."""
        for inspector in self:
            data = {**(inspector.sudo().personal_data or {}), name: inspector[name]}
            kept = {key: value for key, value in data.items() if value}
            inspector.sudo().personal_data = kept or False

    def _sees_all_personal(self):
        return self.env.user._is_superuser() or any(
            self.env.user.has_group(f"srsp_supervision.group_{role}")
            for role in ("policy_officer", "auditor", "administrator")
        )
