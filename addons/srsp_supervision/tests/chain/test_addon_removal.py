"""Addons whose records are evidence go only with a reason. What really goes is tested in tests/install."""

import json

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from ...models.chain import ir_module_module
from ..common import SrspCase


@tagged("post_install", "-at_install")
class TestAddonRemoval(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.draw = cls._make_drawn().draw_id
        cls.env["srsp.event.change"]._seal_pending()
        modules = cls.env["ir.module.module"]
        cls.addon = modules.search([("name", "=", "srsp_supervision")])
        cls.leaving = cls.addon + cls.addon.downstream_dependencies()
        cls.mail = modules.search([("name", "=", "mail")])
        cls.system = new_test_user(
            cls.env,
            "removal_system",
            groups="base.group_system",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _make_wizard(self, **vals):
        wizards = self.env["base.module.uninstall"].with_user(self.system)
        return wizards.create({"module_ids": self.addon.ids, **vals})

    def _find_last(self):
        own = [("company_id", "=", self.company.id)]
        return self.env["srsp.event"].search(own, limit=1)

    def test_every_door_by_which_the_evidence_would_go_is_closed(self):
        for addon in (self.addon, self.mail):
            addon = addon.with_user(self.system)
            doors = (
                addon.button_uninstall,
                addon.module_uninstall,
                lambda addon=addon: addon.write({"state": "to remove"}),
                lambda addon=addon: addon.write({"state": "uninstalled"}),
                addon.with_context(srsp_removal=True).button_uninstall,
            )
            for door in doors:
                with self._refused(r"SRSP Supervision.*: \d+ events of the integrity"):
                    door()
            self.assertEqual(addon.state, "installed")

    def test_an_addon_without_evidence_goes_as_ever(self):
        other = self.env["ir.module.module"].search([("name", "=", "base_import")])
        self.assertEqual(other._srsp_find_evidence(), {})
        other.write({"state": "to remove"})
        self.assertEqual(other.state, "to remove")

    def test_what_an_installation_seals_by_itself_is_no_evidence(self):
        evidence = self.leaving._srsp_find_evidence()[self.company]
        routine = self.env["srsp.event"].search_count(
            [
                ("company_id", "=", self.company.id),
                ("kind", "in", ("records.recorded", "chain.head")),
            ]
        )
        own = [("company_id", "=", self.company.id)]
        count = self.env["srsp.event"].search_count(own)
        self.assertEqual(sum(evidence.values()), count - routine)

    def test_the_dialog_counts_the_events_and_asks_for_a_reason(self):
        wizard = self._make_wizard()
        evidence = self.leaving._srsp_find_evidence().values()
        count = sum(sum(events.values()) for events in evidence)
        self.assertEqual(wizard.srsp_event_count, count)
        for reason in (False, " \n "):
            wizard.srsp_reason = reason
            with self._refused("Give a reason for the removal"):
                wizard.action_uninstall()

    def test_the_reason_that_every_check_repeats_holds_no_number_of_a_person(self):
        with self._refused("contains a telephone number", ValidationError):
            self._make_wizard(srsp_reason="ask 13800138000")

    def test_the_form_of_the_dialog_demands_the_reason_where_there_is_evidence(self):
        dialogs = self.env["base.module.uninstall"].with_user(self.system)
        other = self.env["ir.module.module"].search([("name", "=", "base_import")])
        for addon, is_evidence in ((self.addon, True), (other, False)):
            dialog = Form(dialogs.with_context(default_module_ids=addon.ids))
            self.assertEqual(bool(dialog.srsp_event_count), is_evidence)
            self.assertEqual(
                dialog._get_modifier("srsp_reason", "required"), is_evidence
            )

    def test_only_a_system_administrator_confirms(self):
        manager = new_test_user(
            self.env, "removal_erp", groups="base.group_erp_manager"
        )
        with self._refused("Only a system administrator", AccessError):
            self.addon.with_user(manager)._srsp_confirm_removal("no")

    def test_the_chain_says_who_confirmed_and_why_and_the_addon_may_go(self):
        confirmed = self.addon.with_user(self.system)._srsp_confirm_removal("moving")
        event = self._find_last()
        self.assertEqual(event.kind, "addon.removal_confirmed")
        check = self.env["srsp.event.check"].browse(event.res_id)
        self.assertEqual((event.res_model, check.state), ("srsp.event.check", "sound"))
        self.assertEqual(
            json.loads(event.payload),
            {
                "addons": {"srsp_supervision": self.addon.latest_version},
                "by": {"name": self.system.name, "login": "removal_system"},
                "reason": "moving",
                "check": {"state": "sound", "findings": 0},
            },
        )
        confirmed._srsp_check_removal()  # does not raise

    def test_what_went_is_sealed_told_and_no_longer_compared(self):
        """As if the addon of the draws alone had gone, and its records with it."""
        self.patch(
            type(self.addon),
            "_srsp_get_lost_models",
            lambda addons: ["srsp.draw", "srsp.draw.iteration"],
        )
        self.addon.with_user(self.system)._srsp_confirm_removal("moving")
        events = self.addon._srsp_find_evidence()[self.company]
        self.addon._srsp_seal_removal()
        event = self._find_last()
        payload = json.loads(event.payload)
        self.assertEqual(payload["confirmed"], event.sequence - 1)
        self.assertEqual(
            payload["models"]["srsp.draw"],
            {"records": 1, "events": events["srsp.draw"], "last": self.draw.number},
        )
        check = self.env["srsp.event.check"]._check(self.company)
        self.assertRegex(
            check.notes,
            rf"^Event {event.sequence}: srsp_supervision was removed \(removal_system: moving\)\."
            r" Records that went: Draw 1 ",
        )
        # The draw that is there has no event since: as after an installation that forgot to seal it.
        self.assertIn("has no event", check.report)

    def test_an_addon_that_goes_unconfirmed_is_told_so(self):
        self.patch(
            type(self.addon), "_srsp_get_lost_models", lambda addons: ["srsp.draw"]
        )
        self.addon._srsp_seal_removal()
        self.assertEqual(self._find_last().kind, ir_module_module.REMOVAL)
        check = self.env["srsp.event.check"]._check(self.company)
        self.assertIn("was removed (nobody gave a reason)", check.notes)

    def test_the_key_of_a_removal_skips_no_guard_in_a_running_system(self):
        forced = self.env["srsp.event"].with_context(_force_unlink=True)
        with self._refused("cannot be deleted"):
            forced.browse(self._find_last().id).unlink()
        model = self.env["ir.model"]._get("srsp.event").with_user(self.system)
        with self.assertRaises(UserError):
            model.with_context(_force_unlink=True).unlink()
