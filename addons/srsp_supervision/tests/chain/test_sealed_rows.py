"""No row of ours changes in the database behind Odoo's back, whatever its column, without the check saying so."""

import json

from odoo.exceptions import UserError
from odoo.tests import tagged

from .chain_case import ChainCase


@tagged("post_install", "-at_install")
class TestSealedRows(ChainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.changes = cls.env["srsp.event.change"]
        cls.changes._seal_pending()
        cls.user = cls._make_user("registrar", "division_officer", cls.surveying)
        cls.target = cls.targets[0]

    def _save(self):
        """Save the target as the user does, with the event; return the event."""
        self.env.cr.flush()
        self.target.with_user(self.user).name = "Saved"
        self.env.cr.flush()  # as a commit does
        self.changes._seal_pending()
        return self.env["srsp.event"].browse(
            self.changes.search([], limit=1).event_id.id
        )

    def test_what_a_transaction_changes_is_one_event_with_who_did_it(self):
        self.changes._seal_pending()
        event = self._save()
        payload = json.loads(event.payload)
        tables = payload.pop("tables")
        self.assertEqual(
            payload, {"format": 1, "uid": self.user.id, "login": "test_registrar"}
        )
        self.assertEqual(
            {name: count for name, [count, _digest] in tables.items()},
            {"srsp_target": 1, "mail_message": 1, "mail_tracking_value": 1},
        )
        self.assertEqual(event.kind, "records.changed")
        self.assertEqual(self._check().report, "")

    def test_a_changed_added_or_deleted_row_is_found_with_who_saved_it_last(self):
        number = self._save().sequence
        target, row = self.target.id, f"row {self.target.id} of table srsp_target"
        tag = self.env["srsp.tag"].create({"name": "Seaside"})
        for change, at, sentence in (
            ("UPDATE srsp_target SET region = 'x' WHERE id = %(target)s", number,
             rf"{row} is not what event {number} sealed when test_registrar saved it\.$"),
            ("UPDATE srsp_target SET create_date = '2020-01-01' WHERE id = %(target)s", number,
             f"{row} is not what event {number} sealed"),
            ("DELETE FROM srsp_target WHERE id = %(target)s", number,
             f"{row}, sealed in event {number} by test_registrar, was deleted outside"),
            ("INSERT INTO srsp_tag (name, company_id) VALUES ('{\"en_US\": \"x\"}', %(company)s)", 0,
             r"row \d+ of table srsp_tag was added outside the system: no event records it"),
            ("INSERT INTO srsp_calendar_day (date, name) VALUES ('2026-12-10', '{\"en_US\": \"x\"}')", 0,
             r"row \d+ of table srsp_calendar_day was added outside"),
            ("UPDATE res_company SET srsp_area_code = '350200' WHERE id = %(company)s", None,
             r"table res_company is not what"),
        ):  # fmt: skip
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._sql(change, target=target, tag=tag.id)
                check = self._check()
                self.assertEqual((check.state, check.finding_count), ("broken", 1))
                if at is not None:
                    self.assertEqual(check.broken_sequence, at)
                self.assertRegex(check.report, sentence)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_the_history_and_what_is_attached_to_it_are_sealed(self):
        task = self._make_task()
        words = "Evidence"
        message = task.message_post(body=words, attachments=[("a.txt", b"one")])
        self.changes._seal_pending()
        for change, table in (
            ("UPDATE mail_message SET date = '2020-01-01' WHERE id = %(message)s", "mail_message"),
            ("UPDATE mail_message SET model = 'res.partner' WHERE id = %(message)s", "mail_message"),
            ("UPDATE ir_attachment SET checksum = 'x' WHERE id = %(file)s", "ir_attachment"),
            ("DELETE FROM ir_attachment WHERE id = %(file)s", "ir_attachment"),
        ):  # fmt: skip
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self._sql(change, message=message.id, file=message.attachment_ids.id)
                check = self._check()
                self.assertRegex(check.report, f"row [0-9]+ of table {table}[ ,]")
                savepoint.rollback()
            self.env.invalidate_all()

    def test_a_link_that_was_moved_is_found_on_both_sides(self):
        task = self._make_task()
        [link] = task.item_ids
        other = (self.list.item_ids - link)[0]
        self._sql(
            "UPDATE srsp_item_srsp_task_rel SET srsp_item_id = %(other)s WHERE srsp_task_id = %(task)s",
            task=task.id,
            other=other.id,
        )
        report = self._check().report
        self.assertRegex(report, "table srsp_item_srsp_task_rel, sealed in .* deleted")
        self.assertRegex(report, "table srsp_item_srsp_task_rel was added outside")

    def test_saving_a_row_does_not_make_good_what_was_changed_outside(self):
        self._sql(
            "UPDATE srsp_target SET region = 'x' WHERE id = %(target)s",
            target=self.target.id,
        )
        event = self._save()
        self._assert_found(
            event.sequence,
            rf"^Row {self.target.id} of table srsp_target had been changed outside the system before test_registrar",
        )

    def test_cascades_and_sql_of_ours_are_recorded_as_any_change(self):
        task = self._make_task()
        self.changes._seal_pending()
        task.unlink()
        self.env.cr.execute(
            "UPDATE srsp_target SET region = 'by our SQL' WHERE id = %s",
            [self.target.id],
        )
        self.assertEqual(self._check().report, "")

    def test_recorded_rows_that_no_longer_fit_their_event_are_found(self):
        number = self._save().sequence
        change = self.changes.search([], limit=1)
        for query in (
            "UPDATE srsp_event_row SET digest = '\\x00' WHERE change_id = %(change)s",
            "UPDATE srsp_event_row SET res_id = 0 WHERE change_id = %(change)s",
            "DELETE FROM srsp_event_row WHERE change_id = %(change)s",
            "UPDATE srsp_event_change SET payload = '{}' WHERE id = %(change)s",
            "UPDATE srsp_event_change SET event_id = 0 WHERE id = %(change)s",
            "DELETE FROM srsp_event_change WHERE id = %(change)s",
        ):
            with self.subTest(query), self.env.cr.savepoint() as savepoint:
                self._sql(query, change=change.id)
                report = self._check().report
                self.assertIn(f"The recorded rows of event {number} are not", report)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_rows_of_an_earlier_version_are_recorded_when_the_tables_are_first_watched(
        self,
    ):
        self.changes._seal_pending()
        self.env.cr.execute("COMMENT ON FUNCTION srsp_touch_srsp_target() IS NULL")
        self._sql("DELETE FROM srsp_event_row WHERE res_table = 'srsp_target'")
        self.env["srsp.event.change"]._register_hook()
        self.changes._seal_pending()
        event = self.changes.search([("company_id", "=", self.company.id)], limit=1)
        self.assertEqual(event.kind, "records.recorded")
        tables = json.loads(event.payload)["tables"]
        self.assertEqual(list(tables), ["srsp_target"])
        self.assertEqual(tables["srsp_target"][0], len(self.targets))

    def test_nobody_writes_what_was_recorded(self):
        self.changes._seal_pending()
        for records in (
            self.changes.search([], limit=1),
            self.env["srsp.event.row"].search([], limit=1),
        ):
            for attempt in (
                lambda records=records: records.write({"company_id": 1}),
                lambda records=records: records.unlink(),
                lambda records=records: records.create([{}]),
            ):
                with self.assertRaises(UserError):
                    attempt()

    def test_every_table_of_ours_is_watched_or_compared_in_full(self):
        watched = {*self.changes._get_sealed_tables()}
        tables = {
            model._table
            for name, model in self.env.registry.items()
            if name.startswith("srsp.")
            and model._auto
            and not (model._abstract or model._transient)
        }
        chain = {"srsp_event", "srsp_event_change", "srsp_event_row"}
        self.assertEqual(tables - watched, {*chain, "srsp_draw_line"})
