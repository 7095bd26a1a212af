"""A copy of the database alone opens no account and tells no secret; the data key lies outside it."""

import logging
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import config
from odoo.tools.misc import hash_sign, hmac, verify_limited_field_access_token

from ...fields import DRAW_KEY_FILE, get_data_key, get_draw_key_path
from ...models.draw import one_time_codes
from ...tools.data_key import DataKey
from ..common import NOW, SrspCase

NUMBER = "999999190001010015"  # of nobody: no region 999999; the check digit is right


@tagged("post_install", "-at_install")
class TestDataKey(SrspCase):
    def setUp(self):
        super().setUp()
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "srsp_data.key")
        self.patch(
            os, "environ", {**os.environ, DRAW_KEY_FILE: f"{folder.name}/draw.key"}
        )
        self._update()

    def test_the_environment_says_where_the_keys_lie_and_the_old_option_still_does(
        self,
    ):
        self.assertEqual(get_draw_key_path(), self.path.with_name("draw.key"))
        self.patch(os, "environ", {**os.environ, DRAW_KEY_FILE: ""})
        default = Path(config["data_dir"], "srsp_draw.key")
        self.assertEqual(get_draw_key_path(), default)

    def test_a_draw_key_made_anew_is_told_and_warned_of_after_the_first_draw(
        self,
    ):
        for level, count in ((logging.INFO, 0), (logging.WARNING, 1)):
            self.patch(
                type(self.env["srsp.draw"]), "search_count", lambda *a, n=count, **k: n
            )
            get_draw_key_path().unlink(missing_ok=True)
            with self.assertLogs(one_time_codes.__name__, logging.INFO) as logs:
                one_time_codes.commit(self.env, bytes(32), 2, NOW)
                one_time_codes.commit(self.env, bytes(32), 2, NOW)
            said = f"There is no draw key in {get_draw_key_path()}: a new one is made"
            [record] = logs.records
            self.assertEqual(record.levelno, level)
            self.assertIn(said, record.getMessage())

    def _make_person(self):
        return self.env["srsp.entity"].create(
            {"name": "Nobody", "kind": "person", "identity_masked": NUMBER}
        )

    def _update(self):
        """What an update of the addon does with the encrypted field."""
        self.env.flush_all()
        entities = self.env["srsp.entity"]
        entities._fields["identity_number"]._renew(entities)
        self.env.invalidate_all()

    def _read(self, person):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT identity_number FROM srsp_entity WHERE id = %s", [person.id]
        )
        return self.env.cr.fetchone()[0]

    def _write(self, person, text):
        self.env.cr.execute(
            "UPDATE srsp_entity SET identity_number = %s WHERE id = %s",
            [text, person.id],
        )
        self.env.invalidate_all()

    def test_the_database_holds_a_number_encrypted(self):
        person = self._make_person()
        stored = self._read(person)
        self.env.invalidate_all()
        self.assertNotIn(NUMBER, stored)
        self.assertEqual(person.sudo().identity_number, NUMBER)
        self.assertEqual(DataKey(self.path).decrypt(stored), NUMBER)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_an_update_encrypts_what_an_earlier_version_kept_in_clear(self):
        person, nobody = self._make_person(), self.targets[0].entity_id
        self._write(person, NUMBER)
        self._update()
        stored = self._read(person)
        self.assertNotIn(NUMBER, stored)
        self.assertEqual(person.sudo().identity_number, NUMBER)
        self.assertFalse(self._read(nobody))
        self._update()
        self.assertEqual(self._read(person), stored)

    def test_a_new_line_before_the_old_key_and_an_update_replace_the_key(self):
        person = self._make_person()
        old, new = self.path.read_text().strip(), "ab" * 32
        self.path.write_text(f"{new}\n{old}\n")
        self.assertEqual(person.sudo().identity_number, NUMBER)
        self._update()
        self.path.write_text(f"{new}\n")
        self.assertEqual(person.sudo().identity_number, NUMBER)
        self.assertEqual(DataKey(self.path).decrypt(self._read(person)), NUMBER)

    def test_without_its_key_a_database_says_so_and_loses_nothing(self):
        person = self._make_person()
        self.env.flush_all()
        self.env.invalidate_all()
        kept = self.path.read_text()
        self.path.unlink()
        words = "does not hold the data key of this database"
        with self._refused(words):
            person.sudo().identity_number  # noqa: B018
        with self._refused(words):
            self._make_person()
        with self._refused(words):
            self._update()
        self.path.write_text(kept)
        self.env.invalidate_all()
        self.assertEqual(person.sudo().identity_number, NUMBER)

    def test_a_file_that_holds_no_key_is_refused(self):
        self.path.write_text("no key\n")
        with self._refused("cannot be read; .* 32 bytes in hexadecimal", UserError):
            get_data_key(self.env)

    def _steal(self):
        """An environment that knows the database's secret as the database holds it."""
        self.env.cr.execute(
            "SELECT value FROM ir_config_parameter WHERE key = 'database.secret'"
        )
        [secret] = self.env.cr.fetchone()
        return {"ir.config_parameter": SimpleNamespace(get_param=lambda key: secret)}

    def test_a_link_for_a_new_password_is_not_made_from_the_database(self):
        user = new_test_user(
            self.env, "robbed", groups="srsp_supervision.group_division_manager"
        )
        partner = user.partner_id.sudo()
        content = [partner.id, user.ids, None, partner.signup_type]

        def make(env):
            return hash_sign(env, "signup", content, expiration_hours=1)

        self.assertFalse(partner._get_partner_from_token(make(self._steal())))
        # It is the secret alone that the forger lacks.
        token = make(self.env(su=True))
        self.assertEqual(partner._get_partner_from_token(token), partner)

    def test_an_invited_user_opens_the_link_of_the_mail(self):
        user = new_test_user(
            self.env,
            "invited",
            email="invited@example.com",
            groups="srsp_supervision.group_inspector",
        )
        user.partner_id.signup_prepare()
        token = user.partner_id._generate_signup_token()
        found = self.env["res.partner"]._get_partner_from_token(token)
        self.assertEqual(found, user.partner_id)

    def test_a_link_to_a_file_is_not_made_from_the_database(self):
        user, name = self.env.user, "image_1920"
        day = hex(int(time.time()) + 86_400)
        message = (user._name, user.id, name, day)
        for env, opens in ((self._steal(), False), (self.env(su=True), True)):
            token = f"{hmac(env, 'binary', message)}o{day}"
            self.assertEqual(
                verify_limited_field_access_token(user, name, token, scope="binary"),
                opens,
            )

    def test_nobody_asks_for_a_new_password_by_mail(self):
        parameters = self.env["ir.config_parameter"].sudo()
        self.assertEqual(parameters.get_param("auth_signup.reset_password"), "False")
