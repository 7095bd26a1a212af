"""Evidence names people by what they do not choose: a number beside the name, which an administrator alone changes."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common import SrspCase

FALSE_NAME = "福州市公证处"


@tagged("post_install", "-at_install")
class TestNames(SrspCase):
    def test_nobody_with_a_role_names_himself(self):
        auditor = self._make_user("auditor", "auditor")
        for door in (
            lambda: auditor.with_user(auditor).write({"name": FALSE_NAME}),
            lambda: (
                auditor.with_user(auditor).partner_id.sudo().write({"name": FALSE_NAME})
            ),
        ):
            with self._refused("only an administrator changes it", AccessError):
                door()
        auditor.with_user(auditor).write({"name": auditor.name, "tz": "Asia/Shanghai"})
        office = self._make_user("office", "auditor")
        office.group_ids = self.env.ref("base.group_erp_manager") | self.env.ref(
            "base.group_partner_manager"
        )
        auditor.with_user(office).write({"name": "Lin"})
        self.assertEqual(auditor.name, "Lin")

    def test_who_has_no_role_keeps_the_own_name(self):
        guest = new_test_user(self.env, "guest_of_names", groups="base.group_user")
        guest.with_user(guest).write({"name": "Chen"})
        self.assertEqual(guest.name, "Chen")

    def test_a_staff_number_stands_beside_the_name_or_the_number_of_the_user(self):
        user = self._make_user("inspector", "inspector", self.surveying)
        signed = f"{user.name} [uid {user.id}]"
        self.assertEqual(user._srsp_get_signature(self.company), signed)
        self.officers[0].user_id = user
        self.assertEqual(user._srsp_get_signature(self.company), f"{user.name} [SV-01]")
        self.assertEqual(
            user.with_user(self._make_user("other", "auditor"))._srsp_get_signature(
                self.company
            ),
            f"{user.name} [SV-01]",
        )
