from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestFilters(TransactionCase):
    """Nobody hides records from others by the filter with which their lists open."""

    def setUp(self):
        super().setUp()
        manager = "srsp_supervision.group_division_manager"
        self.manager = new_test_user(self.env, "filter_manager", manager)
        self.auditor = new_test_user(
            self.env, "filter_auditor", "srsp_supervision.group_auditor"
        )

    def save(self, user, **values):
        return (
            self.env["ir.filters"]
            .with_user(user)
            .create(
                {
                    "name": "All but one",
                    "model_id": "srsp.inspection",
                    "domain": "[('id', '!=', 50)]",
                    "user_ids": user.ids,
                    **values,
                }
            )
        )

    def test_a_default_filter_is_ones_own(self):
        for others in ([], self.auditor.ids, (self.auditor | self.manager).ids):
            with self.assertRaises(ValidationError):
                self.save(self.manager, user_ids=others, is_default=True)
        mine = self.save(self.manager, is_default=True)
        with self.assertRaises(ValidationError):
            mine.user_ids = False
        self.assertTrue(self.save(self.manager, user_ids=[]))
        elsewhere = {"user_ids": [], "is_default": True, "model_id": "res.partner"}
        self.assertTrue(self.save(self.manager, **elsewhere))

    def test_a_system_administrator_sets_a_default_for_all(self):
        admin = self.env.ref("base.user_admin")
        self.assertTrue(self.save(admin, user_ids=[], is_default=True))
