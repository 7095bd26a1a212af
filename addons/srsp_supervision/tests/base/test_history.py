"""The history of a record is evidence: what users try to do to messages, files, to-dos and followers of it."""

import base64
import json
from datetime import datetime
from functools import partial

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.tests import HttpCase, JsonRpcException, get_db_name, tagged
from odoo.tools import mute_logger

from ...models.base.silence import SILENCERS
from ..common import SrspCase

FORGED = datetime(2020, 1, 1)
OTHER_FILE = base64.b64encode(b"another photo")
FORBIDDEN = 403
WORDS = "Seen on site"


@tagged("post_install", "-at_install")
class TestHistory(SrspCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.officer = cls._make_login("division_officer")
        cls.manager = cls._make_login("division_manager")
        cls.admin = cls._make_login("administrator")
        cls.target = cls.targets[0]
        cls.visit = cls._make_drawn().inspection_ids[0]
        cls.message = cls.target.with_user(cls.officer).message_post(
            body=WORDS,
            attachments=[("photo.jpg", b"photo")],
            partner_ids=cls.manager.partner_id.ids,
        )
        cls.photo = cls.message.attachment_ids

    @classmethod
    def _make_login(cls, role):
        user = cls._make_user(role, role, cls.surveying)
        user.write(
            {"lang": "en_US", "password": user.login, "notification_type": "inbox"}
        )
        return user

    def _read_all(self, record):
        self.env.flush_all()
        record.invalidate_recordset()
        return record.sudo().read(
            [name for name, field in record._fields.items() if field.store]
        )

    def _call(self, user, path, **arguments):
        """(status, answer) of a JSON-2 call in the name of ``user``."""
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/{path}",
            data=json.dumps(arguments),
            headers={
                "Authorization": f"Bearer {keys._generate('rpc', 'test', datetime(2099, 1, 1))}",
                "Content-Type": "application/json",
                "X-Odoo-Database": get_db_name(),
            },
        )
        self.env.invalidate_all()
        return response.status_code, response.json()

    # Messages ------------------------------------------------------------------------------------

    def test_no_field_of_a_message_is_changed_by_anybody(self):
        before = self._read_all(self.message)
        names = self.message._fields.keys() - set(MAGIC_COLUMNS)
        for user in (self.officer, self.manager, self.admin):
            message = self.message.with_user(user)
            for name in names:
                with (
                    self.subTest(name, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    message.write({name: False})
        self.assertEqual(self._read_all(self.message), before)

    def test_no_command_of_the_record_changes_a_message(self):
        before = self._read_all(self.message)
        target = self.target.with_user(self.manager)
        for command in (
            Command.update(self.message.id, {"message_type": "user_notification"}),
            Command.update(self.message.id, {"attachment_ids": [Command.clear()]}),
            Command.delete(self.message.id),
            Command.unlink(self.message.id),
            Command.clear(),
            Command.set([]),
        ):
            with self.subTest(command=command), self.assertRaises(AccessError):
                target.write({"message_ids": [command]})
                self.env.flush_all()
        self.assertEqual(self._read_all(self.message), before)

    def test_who_adds_a_message_says_so_in_their_own_name_and_now(self):
        forged = {
            "body": "approved by the officer",
            "author_id": self.officer.partner_id.id,
            "email_from": self.officer.email_formatted,
            "date": FORGED,
        }
        whole = {
            **forged,
            "message_type": "notification",
            "tracking_value_ids": [Command.create({"new_value_char": "never said"})],
        }
        target, messages = self.target.with_user(self.manager), self.env["mail.message"]
        record = {"model": target._name, "res_id": target.id}
        defaults = {f"default_{name}": value for name, value in record.items()}
        create = messages.with_user(self.manager).create
        ways = {
            "create": lambda: create({**record, **whole}),
            "context": lambda: (
                messages.with_user(self.manager).with_context(**defaults).create(whole)
            ),
            "message_ids": lambda: target.write(
                {"message_ids": [Command.create({**record, **whole})]}
            ),
            "message_post": lambda: target.message_post(**forged),
            "message_post in a name": lambda: target.message_post(
                body=WORDS, email_from=self.officer.email_formatted
            ),
        }
        for way, say in ways.items():
            with self.subTest(way), freeze_time("2026-03-20 01:00:00"):
                known = self.target.message_ids
                say()
                [said] = self.target.message_ids - known
                self.assertEqual(
                    (said.author_id, said.email_from, said.date, said.message_type),
                    (
                        self.manager.partner_id,
                        self.manager.email_formatted,
                        datetime(2026, 3, 20, 1),
                        "comment",
                    ),
                )
                self.assertFalse(said.sudo().tracking_value_ids)

    def test_a_notice_is_sent_in_the_name_of_its_sender(self):
        notice = self.target.with_user(self.manager).message_notify(
            body=WORDS,
            author_id=self.officer.partner_id.id,
            partner_ids=self.admin.partner_id.ids,
        )
        self.assertEqual(notice.author_id, self.manager.partner_id)

    def test_the_composer_mails_in_the_name_of_its_sender(self):
        composer = self.env["mail.compose.message"].with_user(self.manager)
        for mode in ("comment", "mass_mail"):
            with self.subTest(mode):
                known = self.target.message_ids
                composer.create(
                    {
                        "composition_mode": mode,
                        "model": self.target._name,
                        "res_ids": str(self.target.ids),
                        "author_id": self.officer.partner_id.id,
                        "email_from": self.officer.email_formatted,
                        "body": "approved by the officer",
                        "auto_delete": False,
                        "force_send": False,
                    }
                )._action_send_mail()
                self.env.flush_all()
                self.target.invalidate_recordset()
                [said] = self.target.message_ids - known
                self.assertEqual(
                    (said.author_id, said.email_from),
                    (self.manager.partner_id, self.manager.email_formatted),
                )

    def test_a_template_mails_about_its_own_record_alone(self):
        model = self.env["ir.model"]._get_id("res.partner")
        template = self.env["mail.template"].create({"name": "Hi", "model_id": model})
        before = self._read_all(self.message), self._read_all(self.photo)
        known = self.target.message_ids
        partner = self.manager.partner_id
        send = partial(template.with_user(self.manager).send_mail, partner.id)
        edit = Command.update(self.photo.id, {"raw": b"another photo"})
        for values in (
            {"model": self.target._name, "res_id": self.target.id, "body": "Approved"},
            {"mail_message_id": self.message.id, "body": "Approved"},
            {"child_ids": [Command.update(self.message.id, {"body": "Approved"})]},
            {"attachment_ids": [edit]},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                send(email_values=values)
        mail = self.env["mail.mail"].browse(send(email_values={"body_html": "Hello"}))
        self.assertEqual((mail.model, mail.res_id), (partner._name, partner.id))
        self.assertEqual(
            (self._read_all(self.message), self._read_all(self.photo)), before
        )
        self.assertEqual(self.target.message_ids, known)

    def test_no_mail_is_fed_to_a_record(self):
        mail = (
            f"From: {self.officer.email_formatted}\nTo: nobody@example.com\n"
            "Date: Wed, 01 Jan 2020 00:00:00 +0000\nMessage-Id: <%s@example.com>\n\napproved"
        )
        known = self.target.message_ids, self.env["srsp.legal.basis"].search([])
        for model, values in (
            (self.target._name, {"thread_id": self.target.id}),
            ("srsp.legal.basis", {"custom_values": {"title": "A law of my own"}}),
        ):
            with self.subTest(model):
                status, answer = self._call(
                    self.manager,
                    "mail.thread/message_process",
                    model=model,
                    message=mail % model,
                    **values,
                )
                self.assertEqual(status, FORBIDDEN, answer)
        self.assertEqual(
            (self.target.message_ids, self.env["srsp.legal.basis"].search([])), known
        )

    def test_what_was_tracked_is_not_changed_by_an_administrator(self):
        self.target.with_user(self.officer).write(
            {"state": "suspended", "state_reason": "Renovation"}
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        value = self.target.message_ids.sudo().tracking_value_ids[0]
        before = self._read_all(value)
        theirs = value.with_user(self.admin)
        for attempt in (
            lambda: theirs.write({"new_value_char": "nothing"}),
            theirs.unlink,
            lambda: theirs.create(
                {
                    "mail_message_id": self.message.id,
                    "field_id": value.field_id.id,
                    "new_value_char": "never said",
                }
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(self._read_all(value), before)

    def test_a_message_can_be_starred_answered_with_a_reaction_and_read(self):
        message = self.message.with_user(self.manager)
        message.toggle_message_starred()
        self.assertTrue(message.starred)
        self.authenticate(self.manager.login, self.manager.login)
        self.make_jsonrpc_request(
            "/mail/message/reaction",
            {"message_id": message.id, "content": "👍", "action": "add"},
        )
        self.env.invalidate_all()
        reactions = message.sudo().reaction_ids
        self.assertEqual(reactions.partner_id, self.manager.partner_id)
        self.assertFalse(message.notification_ids.filtered("is_read"))
        message.set_message_done()
        self.assertEqual(message.notification_ids.mapped("is_read"), [True])

    # The doors -----------------------------------------------------------------------------------

    def test_the_door_for_programs_changes_and_forges_no_message(self):
        before = self._read_all(self.message)
        status, _answer = self._call(
            self.manager,
            "mail.message/write",
            ids=self.message.ids,
            vals={"message_type": "user_notification"},
        )
        self.assertEqual(status, FORBIDDEN)
        self.assertEqual(self._read_all(self.message), before)
        status, [said] = self._call(
            self.manager,
            "srsp.target/message_post",
            ids=self.target.ids,
            body=WORDS,
            author_id=self.officer.partner_id.id,
            date="2020-01-01 00:00:00",
        )
        said = self.message.browse(said)
        self.assertEqual(said.author_id, self.manager.partner_id)
        self.assertGreater(said.date, FORGED)

    @mute_logger("odoo.http")
    def test_the_doors_of_the_chatter_change_nothing(self):
        before = self._read_all(self.message), self._read_all(self.photo)
        for user in (self.officer, self.manager, self.admin):
            self.authenticate(user.login, user.login)
            for route, values in (
                (
                    "/mail/message/update_content",
                    {
                        "message_id": self.message.id,
                        "update_data": {"body": "", "attachment_ids": []},
                    },
                ),
                ("/mail/attachment/delete", {"attachment_id": self.photo.id}),
            ):
                with (
                    self.subTest(route, user=user.login),
                    self.assertRaises(JsonRpcException),
                ):
                    self.make_jsonrpc_request(route, values)
        self.env.invalidate_all()
        self.assertEqual(
            (self._read_all(self.message), self._read_all(self.photo)), before
        )

    def test_the_chatter_posts_no_line_of_the_system(self):
        self.authenticate(self.manager.login, self.manager.login)
        answer = self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": self.target._name,
                "thread_id": self.target.id,
                "post_data": {"body": "State changed", "message_type": "notification"},
                "context": {"default_author_id": self.officer.partner_id.id},
            },
        )
        said = self.message.browse(answer["message_id"])
        self.assertEqual(
            (said.message_type, said.author_id), ("comment", self.manager.partner_id)
        )

    # Files ---------------------------------------------------------------------------------------

    def test_a_posted_file_is_neither_replaced_nor_removed(self):
        before = self._read_all(self.photo)
        for user in (self.officer, self.manager, self.admin):
            photo = self.photo.with_user(user)
            for values in (
                {"datas": OTHER_FILE},
                {"raw": b"another photo"},
                {"name": "other.jpg"},
                {"description": "another"},
                {"res_id": self.targets[1].id},
                {"res_model": "res.partner", "res_id": user.partner_id.id},
                {"res_field": "name"},
                {"url": "/other", "type": "url"},
                {"public": True},
                {"mimetype": "text/plain"},
            ):
                with (
                    self.subTest(values=values, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    photo.write(values)
            with self.assertRaises(AccessError):
                photo.unlink()
        self.assertEqual(self._read_all(self.photo), before)

    def test_a_file_of_elsewhere_stays_once_it_was_posted(self):
        file = self.env["ir.attachment"].with_user(self.officer)
        file = file.create({"name": "mine.txt", "raw": b"mine"})
        self.target.with_user(self.officer).message_post(
            body=WORDS, attachment_ids=file.ids
        )
        for attempt in (lambda: file.write({"raw": b"other"}), file.unlink):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(file.raw, b"mine")

    def test_a_file_of_a_record_can_be_removed_until_the_draft_is_over(self):
        plan = self.env["srsp.plan"].create(
            {"division_id": self.surveying.id, "year": 2027}
        )
        values = {"raw": b"first", "res_model": plan._name, "res_id": plan.id}
        files = self.env["ir.attachment"].with_user(self.manager)
        first, second = files.create([{"name": f"{n}", **values} for n in range(2)])
        first.write({"raw": b"better"})
        first.unlink()
        plan.state = "submitted"
        for attempt in (lambda: second.write({"raw": b"other"}), second.unlink):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(files.create({"name": "added", **values}).raw, b"first")

    @mute_logger("odoo.http")
    def test_an_upload_can_be_taken_back_until_it_is_posted(self):
        self.authenticate(self.officer.login, self.officer.login)
        thread = {"thread_id": self.target.id, "thread_model": self.target._name}

        def upload():
            data = self.url_open(
                "/mail/attachment/upload",
                {"csrf_token": self._get_token(), "is_pending": "true", **thread},
                files={"ufile": ("text.txt", b"text", "text/plain")},
            ).json()["data"]
            [file] = data["store_data"]["ir.attachment"]
            return self.photo.browse(file["id"]), file["ownership_token"]

        file, token = upload()
        delete = {"attachment_id": file.id, "access_token": token}
        self.make_jsonrpc_request("/mail/attachment/delete", delete)
        self.env.invalidate_all()
        self.assertFalse(file.exists())
        file, token = upload()
        self.make_jsonrpc_request(
            "/mail/message/post",
            {
                **thread,
                "post_data": {
                    "body": "See the text",
                    "attachment_ids": file.ids,
                    "attachment_tokens": [token],
                },
            },
        )
        delete = {"attachment_id": file.id, "access_token": token}
        with self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request("/mail/attachment/delete", delete)
        self.env.invalidate_all()
        self.assertEqual(
            (file.raw, file.res_model, file.res_id),
            (b"text", self.target._name, self.target.id),
        )

    def _get_token(self):
        page = self.url_open("/odoo").text
        return page.split('csrf_token: "')[1].split('"')[0]

    # Tracking ------------------------------------------------------------------------------------

    def _get_tracked(self, record):
        self.env.flush_all()
        self.env.cr.precommit.run()
        values = record.sudo().message_ids.tracking_value_ids
        return values.mapped("field_id.name")

    def test_no_context_silences_what_users_or_actions_write(self):
        quiet = dict.fromkeys(SILENCERS, True)
        officer = self.visit.officer_ids[0]
        officer.user_id = self.officer
        visit = self.visit.with_user(self.officer)
        visit.with_context(tracking_disable=False).scheduled_date = "2026-04-01"
        self.assertNotIn("stage", self._get_tracked(visit))
        visit.with_context(**quiet).action_schedule()
        self.assertIn("stage", self._get_tracked(visit))

    def test_no_context_silences_a_call_of_a_program(self):
        officer = self.visit.officer_ids[0]
        officer.user_id = self.officer
        self.visit.scheduled_date = "2026-04-01"
        status, answer = self._call(
            self.officer,
            "srsp.inspection/action_schedule",
            ids=self.visit.ids,
            context=dict.fromkeys(SILENCERS, True),
        )
        self.assertEqual(status, 200, answer)
        self.assertIn("stage", self._get_tracked(self.visit))

    def test_each_silencer_is_unheard(self):
        for key in sorted(SILENCERS):
            with self.subTest(key):
                target = self.targets[len(key)].sudo()
                said = target.message_ids
                silencers = {"tracking_disable": False, key: True}
                quiet = target.with_context(**silencers)
                quiet.write({"state": "suspended", "state_reason": key})
                new = self.basis.with_env(quiet.env).copy({"title": key})
                self.env.flush_all()
                self.env.cr.precommit.run()
                texts = (target.message_ids - said).tracking_value_ids
                self.assertIn(key, texts.mapped("new_value_char"))
                self.assertTrue(new.message_ids)

    def test_no_context_keeps_a_to_do_from_anybody(self):
        quiet = self.visit.with_context(mail_activity_automation_skip=True)
        self.surveying.manager_id = self.manager
        self.surveying._schedule(quiet, "Look at this")
        given = self.visit.activity_ids.filtered(
            lambda todo: todo.user_id == self.manager
        )
        self.assertEqual(given.mapped("summary"), ["Look at this"])
        quiet.activity_unlink(["mail.mail_activity_data_todo"])
        self.assertFalse(given.exists())

    # To-dos and followers ------------------------------------------------------------------------

    def test_the_to_dos_of_others_stay(self):
        todo = (
            self.visit.with_user(self.manager)
            .sudo()
            .activity_schedule(
                "mail.mail_activity_data_todo", summary="Look", user_id=self.officer.id
            )
        )
        before = self._read_all(todo)
        visit, theirs = (
            record.with_user(self.manager) for record in (self.visit, todo)
        )
        for attempt in (
            theirs.unlink,
            theirs.action_feedback,
            lambda: theirs.write({"user_id": self.manager.id}),
            lambda: theirs.write({"active": False}),
            lambda: theirs.write({"res_id": False}),
            lambda: visit.write({"activity_ids": [Command.delete(todo.id)]}),
            lambda: visit.write({"activity_ids": [Command.unlink(todo.id)]}),
            lambda: visit.write({"activity_ids": [Command.clear()]}),
            lambda: visit.write({"activity_summary": "Nothing"}),
            lambda: visit.activity_unlink(["mail.mail_activity_data_todo"]),
            lambda: visit.activity_feedback(["mail.mail_activity_data_todo"]),
        ):
            with self.assertRaises(AccessError):
                attempt()
                self.env.flush_all()
        self.assertEqual(self._read_all(todo), before)
        todo.with_user(self.officer).action_feedback("Looked at it")
        self.assertFalse(todo.active)

    def test_a_to_do_that_a_user_has_entered_for_another_can_be_taken_back(self):
        todo = (
            self.env["mail.activity"]
            .with_user(self.manager)
            .create(
                {
                    "res_model_id": self.env["ir.model"]._get_id(self.visit._name),
                    "res_id": self.visit.id,
                    "summary": "Call them",
                    "user_id": self.officer.id,
                }
            )
        )
        todo.unlink()
        self.assertFalse(todo.exists())

    def test_whether_somebody_follows_is_left_to_that_person(self):
        self.target.message_subscribe((self.officer | self.manager).partner_id.ids)
        followers = self.target.message_follower_ids
        theirs = followers.filtered(lambda f: f.partner_id == self.officer.partner_id)
        before = self._read_all(followers)
        note = self.env.ref("mail.mt_note").ids
        others = self.officer.partner_id.ids
        for user in (self.manager, self.admin):
            target, row = self.target.with_user(user), theirs.with_user(user)
            clear = [Command.clear()]
            delete = [Command.delete(theirs.id)]
            for attempt in (
                partial(target.message_unsubscribe, others),
                partial(target.message_subscribe, others, note),
                partial(target.write, {"message_partner_ids": clear}),
                partial(target.write, {"message_follower_ids": delete}),
                row.unlink,
                partial(row.write, {"subtype_ids": clear}),
            ):
                with self.assertRaises(AccessError):
                    attempt()
        self.assertEqual(self._read_all(followers), before)
        self.target.with_user(self.manager).message_unsubscribe(
            self.manager.partner_id.ids
        )
        self.assertEqual(self.target.message_follower_ids, theirs)

    def test_the_note_of_a_to_do_is_text(self):
        text = "<a href='https://evil.example'>look</a>\n& go"
        todo = self.visit.activity_schedule(
            "mail.mail_activity_data_todo", note=text, user_id=self.officer.id
        )
        self.assertEqual(
            todo.note,
            "<p>&lt;a href='https://evil.example'&gt;look&lt;/a&gt;<br>\n&amp; go</p>",
        )
