"""Nobody with a role in supervision writes templates, pages or unfiltered HTML: they would read every secret."""

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

CODE_GROUPS = (
    "base.group_sanitize_override",
    "mail.group_mail_template_editor",
    "website.group_website_designer",
)


@tagged("post_install", "-at_install")
class TestCodeWriters(TransactionCase):
    def setUp(self):
        super().setUp()
        found = (self.env.ref(name, raise_if_not_found=False) for name in CODE_GROUPS)
        self.code_groups = self.env["res.groups"].union(*filter(None, found))
        self.roles = self.env.ref(
            "srsp_supervision.res_groups_privilege_srsp"
        ).group_ids

    def test_a_user_made_in_settings_writes_no_code_even_where_a_module_makes_designers(
        self,
    ):
        default = self.env.ref("base.default_user_group", raise_if_not_found=False)
        if not default:
            self.env["res.config.settings"].create({}).open_new_user_default_groups()
            default = self.env.ref("base.default_user_group")
        default.implied_ids |= self.code_groups
        for role in self.roles:
            user = self.env["res.users"].create(
                {
                    **self.env["res.users"].default_get(["group_ids"]),
                    "name": role.name,
                    "login": f"settings_{role.id}",
                }
            )
            user.group_ids |= role
            self.assertFalse(user.all_group_ids & self.code_groups)

    def test_a_role_and_a_right_to_write_code_exclude_each_other(self):
        for role in self.roles:
            for code in self.code_groups:
                with self.subTest(role=role.name, code=code.name):
                    user = new_test_user(self.env, f"code_{role.id}_{code.id}")
                    user.group_ids = role
                    for record, field, added in (
                        (user, "group_ids", code),
                        (code, "user_ids", user),
                        (role, "implied_ids", code),
                        (code, "implied_by_ids", role),
                    ):
                        with self.assertRaises(ValidationError) as refused:
                            record[field] |= added
                        self.assertIn("cannot have a role", str(refused.exception))
                        self.env.registry.clear_cache("groups")  # as a rollback does

    def test_a_system_administrator_keeps_all_rights(self):
        admin = new_test_user(self.env, "code_admin", groups="base.group_system")
        admin.group_ids |= self.roles
        self.assertTrue(self.code_groups <= admin.all_group_ids)

    def test_whoever_was_left_from_before_keeps_nobody_else_from_being_changed(self):
        left, other = (new_test_user(self.env, f"code_{n}") for n in ("old", "new"))
        left.group_ids = self.roles[:1]
        self.env.cr.execute(
            "INSERT INTO res_groups_users_rel (gid, uid) VALUES (%s, %s)",
            [self.code_groups[:1].id, left.id],
        )
        self.env.invalidate_all()
        other.group_ids |= self.roles[:1]
        self.assertTrue(self.roles[:1] <= other.group_ids)
        with self.assertRaises(ValidationError):
            left.group_ids |= self.roles[1:2]

    def test_who_was_left_from_before_is_named_in_the_log(self):
        user = new_test_user(self.env, "code_left")
        user.group_ids = self.roles[:1]
        self.env.cr.execute(
            "INSERT INTO res_groups_users_rel (gid, uid) VALUES (%s, %s)",
            [self.code_groups[:1].id, user.id],
        )
        user.invalidate_recordset()
        with self.assertLogs(
            "odoo.addons.srsp_supervision.models.base.res_users"
        ) as log:
            self.env["res.users"]._register_hook()
        self.assertIn("code_left", log.output[0])
