"""Steps that seal what a record says: what was changed in the database afterwards is found."""

import json
from datetime import date

from odoo.tests import tagged

from ..common import DRAW_AT
from .chain_case import ChainCase


@tagged("post_install", "-at_install")
class TestEventState(ChainCase):
    def _get_last(self, record):
        events = self.env["srsp.event"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return events[:1]

    def _assert_sealed(self, record, kind, *columns):
        """The last event of ``record`` is of ``kind``, and no column changes by SQL without being found."""
        event = self._get_last(record)
        self.assertEqual(event.kind, kind)
        by = {"name": self.env.user.name, "login": self.env.user.login}
        self.assertEqual(json.loads(event.payload)["by"], by)
        self.assertEqual(self._check().report, "")
        for column, value in columns:
            with self.subTest(kind=kind, column=column):
                with self.env.cr.savepoint() as savepoint:
                    self._sql(
                        f"UPDATE {record._table} SET {column} = {value} WHERE id = %(id)s",
                        id=record.id,
                    )
                    self._assert_found(
                        event.sequence, f"event {event.sequence} sealed: "
                    )
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_the_parameters_and_the_day_of_a_published_rulebook(self):
        rulebook = self.env["srsp.rulebook"].create(
            {
                "name": "Second",
                "effective_date": date(2099, 1, 1),
                "text": "<p>Article 1</p>",
                "company_id": self.company.id,
            }
        )
        self.assertFalse(self._get_last(rulebook))
        rulebook._publish()
        self._assert_sealed(
            rulebook,
            "rulebook.published",
            ("floor_ratio", "0.01"),
            ("disclosure_days", "21"),
            ("key_rule", "'none'"),
            ("effective_date", "'2098-01-01'"),
            ("state", "'draft'"),
            ("text", "'<p>Article 2</p>'"),
        )

    def test_an_announcement_its_changes_and_its_end(self):
        task = self._make_announced(announced_on=False)
        self.assertFalse(self._get_last(task))
        task.announced_on = DRAW_AT
        self._assert_sealed(
            task,
            "task.announced",
            ("draw_at", "draw_at - interval '1 day'"),
            ("lock_at", "lock_at - interval '1 day'"),
            ("ratio", "0.5"),
            ("target_domain", "'[(1, ''='', 1)]'"),
            ("announced_on", "NULL"),
        )
        self._sql(
            "DELETE FROM srsp_item_srsp_task_rel WHERE srsp_task_id = %(id)s",
            id=task.id,
        )
        self.assertRegex(self._check().report, r"sealed: item_ids\[0\] was")
        task.item_ids = self.item
        task.ratio = 0.3
        self._assert_sealed(task, "task.announcement_changed", ("ratio", "0.5"))
        task._end_announcement("The office is closed")
        self._assert_sealed(
            task,
            "task.announcement_withdrawn",
            ("announced_on", "now()"),
            ("withdrawal_reason", "'none'"),
        )
        task.ratio = 0.4
        self._assert_sealed(task, "task.announcement_withdrawn")

    def test_recusals_and_certificates(self):
        inspector = self._make_inspector("ST01", sector_ids=self.sector.ids)
        certificate = self.env["srsp.inspector.certificate"].create(
            {
                "inspector_id": inspector.id,
                "number": "35-77",
                "valid_until": date(2099, 1, 1),
            }
        )
        self._assert_sealed(
            certificate,
            "certificate.changed",
            ("valid_until", "'2100-01-01'"),
            ("kind", "'department'"),
        )
        certificate.valid_until = date(2098, 1, 1)
        self._assert_sealed(
            certificate, "certificate.changed", ("valid_until", "'2100-01-01'")
        )
        [target] = self._make_targets(1)
        recusal = self.env["srsp.recusal"].create(
            {
                "inspector_id": inspector.id,
                "entity_id": target.entity_id.id,
                "reason": "A cousin works there",
            }
        )
        self._assert_sealed(
            recusal,
            "declaration.made",
            ("state", "'dismissed'"),
            ("date_to", "'2020-01-01'"),
            ("entity_id", "entity_id - 1"),
        )
        recusal._dismiss("Has retired")
        self._assert_sealed(recusal, "declaration.dismissed", ("state", "'confirmed'"))
        payload = self._get_last(recusal).payload
        self.assertNotRegex(payload, "cousin|retired")

    def test_the_steps_of_a_rectification(self):
        visit = self._make_drawn().draw_id.inspection_ids[:1]
        order = self.env["srsp.rectification"].create(
            {
                "line_id": visit.line_ids[:1].id,
                "requirement": "Calibrate the instrument",
                "deadline": date(2026, 5, 1),
            }
        )
        order.verification = "In progress"
        self._assert_sealed(
            order,
            "rectification.ordered",
            ("deadline", "'2099-12-31'"),
            ("requirement", "'none'"),
            ("state", "'verified'"),
        )
        order.deadline = date(2026, 6, 1)
        self._assert_sealed(
            order, "rectification.deadline_moved", ("deadline", "'2026-05-01'")
        )
        order.action_verify()
        self._assert_sealed(
            order,
            "rectification.verified",
            ("verification", "'Not done'"),
            ("verified_on", "'2020-01-01'"),
        )

    def test_the_confirmation_of_a_registry(self):
        self._make_targets(3)
        confirmation = self.env["srsp.registry.confirmation"]._confirm(self.sector)
        self._assert_sealed_confirmation(confirmation, "target_count = 4")
        self._assert_sealed_confirmation(confirmation, "digest = repeat('0', 64)")
        self._assert_sealed_confirmation(
            confirmation, "confirmed_on = confirmed_on - interval '1 day'"
        )

    def _assert_sealed_confirmation(self, confirmation, change):
        self.assertEqual(self._check().report, "")
        with self.env.cr.savepoint() as savepoint:
            self._sql(
                f"UPDATE srsp_registry_confirmation SET {change} WHERE id = %(id)s",
                id=confirmation.id,
            )
            number = self._find_event("registry.confirmed", confirmation).sequence
            self._assert_found(number, f"event {number} sealed: ")
            savepoint.rollback()
        self.env.invalidate_all()
