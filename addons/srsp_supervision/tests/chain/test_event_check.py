"""Every way to change the chain, or what it sealed, in the database behind Odoo's back."""

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.chain import srsp_event, srsp_event_check
from ...tools.json_diff import first_difference
from ..common import SrspCase
from .chain_case import ChainCase

CHECK = "odoo.addons.srsp_supervision.models.chain.srsp_event_check"
COMPANY = "odoo.addons.srsp_supervision.models.base.res_company"
EVENT = (
    "UPDATE srsp_event SET {} WHERE company_id = %(company)s AND sequence = %(number)s"
)


@tagged("post_install", "-at_install")
class TestEventCheck(ChainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._make_user("chain_auditor", "auditor")
        cls.draw = cls._make_drawn().draw_id
        cls._make_drawn(name="Surveying, again")
        cls.env["srsp.event.change"]._seal_pending()
        cls.events = cls.env["srsp.event"].search(
            [("company_id", "=", cls.company.id)], order="sequence"
        )
        cls.last = len(cls.events)

    def setUp(self):
        super().setUp()
        self.number = self._event("draw.drawn").sequence

    def _event(self, kind):
        return self._find_event(kind, self.draw)

    def _sql(self, query, **values):
        return super()._sql(query, **{"number": self.number, **values})

    def test_that_a_check_was_made_is_noted_in_the_bureaus_language(self):
        self.company.srsp_language = "zh_CN"
        checks = self.env(context={})["srsp.event.check"]
        check = checks._check(self.company)
        self.assertIn("存证链校验", check.message_ids.body)

    def test_an_event_says_what_happened_in_words(self):
        names = self.env["srsp.event"]._get_kind_names()
        self.assertLessEqual(set(self.events.mapped("kind")), names.keys())
        event = self._event("draw.drawn")
        self.assertEqual(event.display_name, f"No. {event.sequence}: Drawn")
        chinese = event.with_context(lang="zh_CN")
        labels = chinese.fields_get(["kind"])["kind"]["selection"]
        self.assertEqual(labels, [*chinese._get_kind_names().items()])
        self.assertIn(("draw.drawn", "已抽取"), labels)

    def test_a_chain_that_nobody_touched_is_intact(self):
        check = self._check()
        self.assertEqual(
            (check.state, check.broken_sequence, check.report), ("sound", 0, "")
        )
        self.assertEqual(
            (check.event_count, check.last_hash), (self.last, self.events[-1].hash)
        )
        compared = self.events.filtered(
            lambda event: check._get_comparison(event.res_model)
        )
        self.assertEqual(check.record_count, len(compared))
        self.assertGreaterEqual(len(compared), 4)  # two commitments, two certificates

    def test_a_chain_is_read_in_batches_of_any_size(self):
        rows = list(self.env["srsp.event"]._stream(self.company))
        for name, size in (("BATCH_EVENTS", 1), ("BATCH_BYTES", 1)):
            with self.subTest(name):
                self.patch(srsp_event, name, size)
                self.assertEqual(
                    list(self.env["srsp.event"]._stream(self.company)), rows
                )

    def test_the_whole_chain_is_read_and_every_problem_is_counted(self):
        self.patch(srsp_event_check, "MAX_REPORT", 2)
        self._sql("UPDATE srsp_event SET kind = 'x' WHERE company_id = %(company)s")
        check = self._check()
        self.assertEqual(
            (check.event_count, len(check.report.splitlines())), (self.last, 2)
        )
        self.assertGreaterEqual(check.finding_count, self.last)
        self.assertEqual(check.last_hash, self.events[-1].hash)

    def test_a_changed_payload_is_found(self):
        self._sql(EVENT.format("payload = replace(payload, '0.05', '0.06')"))
        self._assert_found(
            self.number, rf"^Event {self.number} \(draw.drawn, .+\) is not what"
        )

    def test_a_space_more_in_a_payload_is_found(self):
        self._sql(EVENT.format("payload = replace(payload, ',', ', ')"))
        self._assert_found(self.number, "is not what was sealed")

    def test_a_changed_kind_is_found(self):
        self._sql(EVENT.format("kind = 'draw.voided'"))
        self._assert_found(self.number, "its number, kind or content has been changed")

    def test_a_changed_hash_is_found(self):
        self._sql(EVENT.format("hash = repeat('0', 64)"))
        self._assert_found(self.number, "is not what was sealed")
        self._sql(EVENT.format("previous_hash = 'no hash'"))
        self._assert_found(
            self.number, "the predecessor that it names is not in the chain"
        )

    def test_a_removed_row_is_found(self):
        self._sql(
            "DELETE FROM srsp_event WHERE company_id = %(company)s AND sequence = %(number)s"
        )
        self._assert_found(self.number + 1, f"^Event {self.number} is missing")

    def test_several_removed_rows_are_found(self):
        self._sql(
            "DELETE FROM srsp_event WHERE company_id = %(company)s AND sequence < %(number)s"
        )
        self._assert_found(self.number, f"^Events 1 to {self.number - 1} are missing")

    def test_a_swapped_pair_is_found(self):
        other = self.number + 1
        for before, after in ((self.number, -1), (other, self.number), (-1, other)):
            self._sql(EVENT.format("sequence = %(after)s"), number=before, after=after)
        self._assert_found(
            self.number,
            f"^Event {self.number} was sealed after event {other}, not after event {self.number - 1}",
        )

    def test_a_tail_that_was_cut_off_is_found_by_the_counter(self):
        self._sql(
            "DELETE FROM srsp_event WHERE company_id = %(company)s AND sequence >= %(number)s"
        )
        self._assert_found(
            self.number,
            f"ends with event {self.number - 1}, but the counter is at {self.last + 1}",
        )

    def test_a_tail_that_was_cut_off_with_its_counter_is_found_by_the_draws(self):
        self._sql(
            "DELETE FROM srsp_event WHERE company_id = %(company)s AND sequence > %(number)s"
        )
        self._set_counter(self.number + 1)
        second = (
            self.env["srsp.draw"].search([("company_id", "=", self.company.id)])
            - self.draw
        )
        self._assert_found(self.number + 1, rf"^Draw {second.number} has no event")

    def test_a_counter_that_was_set_back_is_found(self):
        self._set_counter(self.number)
        self._assert_found(self.last + 1, f"counter is at {self.number}")

    def _set_counter(self, following):
        sequence = self.company._srsp_event_sequence()
        self._sql(
            "UPDATE ir_sequence SET number_next = %(next)s WHERE id = %(id)s",
            id=sequence.id,
            next=following,
        )

    def test_a_chain_forged_from_one_row_on_no_longer_fits_the_draw(self):
        """Whoever rewrites all hashes after a change is found by the record itself."""
        self._sql(EVENT.format("payload = replace(payload, '0.05', '0.06')"))
        self._forge(self.number)
        self._assert_found(
            self.number,
            r"^Draw .+ is not what event \d+ sealed: commitment\.strata\[0\]\.ratio was 0\.06 and is now 0\.05",
        )

    def test_a_line_of_the_roster_that_was_changed_is_found(self):
        self._sql(
            "UPDATE srsp_draw_line SET stratum = 'other' WHERE draw_id = %(draw)s AND iteration IS NULL",
            draw=self.draw.id,
        )
        number = self._event("draw.identified").sequence
        self._assert_found(number, r"^Draw .+ sealed: lines_digest_hex was")

    def test_a_target_drawn_that_was_changed_is_found(self):
        line = self.draw.drawn_line_ids[0]
        self._sql(
            "UPDATE srsp_draw_line SET position = repeat('f', 64) WHERE id = %(line)s",
            line=line.id,
        )
        self._assert_found(
            self.number, r"^Draw .+ sealed: iterations\[0\]\.selected\[\d+\]"
        )

    def test_a_result_that_was_changed_is_found_and_a_new_name_is_none(self):
        visit = self.draw.inspection_ids[0]
        visit.stage = "reviewed"
        visit.line_ids.write({"result": "1", "facts": "in order"})
        visit._close(visit.task_id.date_from)
        event = self._find_event("inspection.closed", visit)
        visit.entity_id.name = "Another name"
        self.assertEqual(self._check().state, "sound")
        self._sql(
            "UPDATE srsp_inspection_line SET facts = 'all of it was fine' WHERE inspection_id = %(visit)s",
            visit=visit.id,
        )
        self._assert_found(
            event.sequence,
            r"lines\[0\]\.facts was in order and is now all of it was fine",
        )

    def test_auditors_check_at_any_time_and_others_do_not(self):
        checks = self.env["srsp.event.check"]
        action = checks.with_user(self.auditor).action_check()
        check = checks.with_user(self.auditor).browse(action["res_id"])
        self.assertEqual((check.state, check.checked_by_id), ("sound", self.auditor))
        for role in ("inspector", "division_officer", "division_manager"):
            user = self._make_user(f"chain_{role}", role, self.surveying)
            with self.assertRaises(AccessError):
                checks.with_user(user).action_check()
            with self.assertRaises(AccessError):
                checks.with_user(user).search([])
        for attempt in (
            lambda: check.write({"state": "broken"}),
            lambda: check.unlink(),
            lambda: check.copy(),
        ):
            with self.assertRaises(AccessError):
                attempt()

    @mute_logger(CHECK)
    def test_the_weekly_check_tells_the_auditors_of_a_broken_chain(self):
        self.env["srsp.event.check"]._check(self.company)._alert()
        self.assertFalse(self._activities())
        self._sql(EVENT.format("kind = 'draw.voided'"))
        self._check()._alert()
        [activity] = self._activities()
        self.assertIn(f"Event {self.number} ", activity.note)

    def test_a_run_that_stops_goes_on_with_the_chains_it_has_not_checked(self):
        def run():
            with self.enter_registry_test_mode():
                self.env.ref(
                    "srsp_supervision.ir_cron_check_events"
                ).method_direct_trigger()
            return self.env["srsp.event.check"].search_count(own)

        own = [("company_id", "=", self.company.id)]
        with freeze_time("2126-03-20 18:00:00"):
            self.assertEqual([run(), run()], [1, 1])
        with freeze_time("2126-03-27 18:00:00"):
            self.assertEqual([run(), run()], [2, 2])

    def test_a_broken_chain_is_one_warning_and_a_line_in_the_log(self):
        self._sql(EVENT.format("kind = 'draw.voided'"))
        with self.assertLogs(CHECK, "ERROR") as log:
            self._check()._alert()
            check = self._check()
            check._alert()
        self.assertEqual(len(log.output), 2)
        self.assertRegex(
            log.output[0], f"Harbour Bureau is broken: Event {self.number} "
        )
        self.assertEqual(self._activities().mapped("res_id"), check.ids)

    @mute_logger(CHECK)
    def test_without_an_auditor_the_administrators_hear_of_a_broken_chain(self):
        self._sql(EVENT.format("kind = 'draw.voided'"))
        self.auditor.active = False
        system = self._make_user("system", "inspector")
        system.group_ids = self.env.ref("base.group_system")
        with self.assertLogs(COMPANY, "WARNING") as log:
            self._check()._alert()
        self.assertEqual(self._told(), system)
        self.assertRegex(log.output[0], "chain is broken: nobody of Harbour Bureau")
        own = self._make_user("admin", "administrator")
        with self.assertLogs(COMPANY, "WARNING"):
            self._check()._alert()
        self.assertEqual(self._told(), own)
        (own | system).active = False
        with self.assertLogs(COMPANY, "WARNING") as log:
            self._check()._alert()
        self.assertRegex(log.output[0], "nobody of Harbour Bureau can be told")

    def _told(self):
        checks = self.env["srsp.event.check"].search(
            [("company_id", "=", self.company.id)]
        )
        return checks.activity_ids.user_id

    def _activities(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "srsp.event.check"), ("user_id", "=", self.auditor.id)]
        )


@tagged("post_install", "-at_install")
class TestFirstDifference(SrspCase):
    def test_the_place_is_named_where_two_values_part(self):
        for one, other, expected in (
            ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ("a[1].b", 2, 3)),
            ({"a": 1}, {"a": 1}, None),
            ({"a": 1}, {}, ("a", 1, "–")),
            ([1], [1, 2], ("[1]", "–", 2)),
            ({"a": 1}, {"a": True}, ("a", 1, True)),
            ({"a": 1}, [1], ("", {"a": 1}, [1])),
        ):
            self.assertEqual(first_difference(one, other), expected)
