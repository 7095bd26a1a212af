import hashlib
import inspect
import io
import re
from datetime import date, timedelta

from freezegun import freeze_time

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...models.draw import roster_lock
from ...tools import assignment, canonical, certificate, draw_key, eligibility, vrs
from ..common import DRAW_AT, NOW, SrspCase
from .test_vrs import FIRST_CODE, LOWEST_FIRST, RANDOMNESS


@tagged("post_install", "-at_install")
class TestDraw(SrspCase):
    def test_a_lock_publishes_the_pool_and_no_randomness(self):
        draw = self._make_announced()._lock_roster(NOW)
        rows = [[target.code, "all"] for target in self.targets.sorted("code")]
        text = "".join(f"{label}\t{stratum}\n" for label, stratum in rows)
        self.assertEqual(
            draw._get_commitment(),
            {
                "n": 60,
                "code_hex": draw.code_hex,
                "roster_digest_hex": hashlib.sha256(text.encode()).hexdigest(),
                "excluded_digest_hex": hashlib.sha256(b"").hexdigest(),
                "inspectors_digest_hex": certificate.inspectors_digest(
                    [f"SV-{number:02d}", "division", "SV", 0] for number in range(1, 6)
                ),
                "eligibility_root_hex": eligibility.root(
                    [(label, "1f") for label, _stratum in rows],
                    bytes.fromhex(draw.eligibility_salt),
                ).hex(),
                "strata": [{"key": "all", "size": 119, "ratio": 0.05, "quota": 6}],
                "team_size": 2,
                "experts": 0,
                "officer_cap": None,
                "units": ["SV"],
                "randomness": {
                    "source": "system",
                    "lottery": "",
                    "announced_for": "2026-03-23T01:30:00Z",
                    "statement": draw.randomness_statement,
                    "bits_needed": 32,
                },
            },
        )
        self.assertEqual(
            (draw.task_id.state, draw.state, draw.number),
            ("committed", "committed", f"{draw.task_id.number}-1"),
        )
        self.assertFalse(draw.iteration_ids)
        self.assertFalse(draw.drawn_line_ids)

    def test_a_draw_recomputes_by_the_reference_and_by_the_verifier(self):
        task = self._make_drawn(use_detachment=False)
        draw, iteration = task.draw_id, task.draw_id.iteration_ids
        code = bytes.fromhex(iteration.one_time_code_hex)
        self.assertEqual(hashlib.sha256(code).hexdigest(), draw.code_hex)
        prk = vrs.extract(code, bytes.fromhex(iteration.randomness_hex))
        lowest = vrs.lowest(prk, [target.code.encode() for target in self.targets], 6)
        self.assertEqual(
            draw._get_certificate()["iterations"][0]["selected"],
            [[label.decode(), "all", position.hex()] for position, label in lowest],
        )
        teams, _loads = assignment.assign(
            prk,
            [([label.decode()], 0b11111, [], []) for _position, label in lowest],
            draw.inspectors,
            ["SV"],
            2,
        )
        self.assertEqual([assignment.Team(*row) for row in iteration.teams], teams)
        self.assertEqual(draw._find_difference(), "")
        self.assertEqual(len(task.inspection_ids), 6)
        self.assertEqual(
            [
                visit.officer_ids.sorted("staff_number").mapped("staff_number")
                for visit in task.inspection_ids.sorted("number")
            ],
            [sorted(team.officers) for team in teams],
        )
        self.assertEqual(task.inspection_ids.line_ids.item_id, self.item)

    def test_a_certificate_is_written_as_it_was_sealed(self):
        self.env.company.name = 'Bureau "of", {"roster":[]} \\ 局'
        draw = self._make_drawn().draw_id
        with io.BytesIO() as file:
            draw._write_certificate(file.write)
            written = file.getvalue()
        self.assertEqual(written, canonical.dumps(draw._get_certificate()))
        self.env.cr.execute(
            "UPDATE srsp_draw_line SET position = 'ff' WHERE draw_id = %s AND iteration = 1",
            [draw.id],
        )
        with io.BytesIO() as file:
            draw._write_certificate(file.write)
            self.assertEqual(file.getvalue(), written)
        self.assertTrue(draw._find_difference())

    def test_a_roster_without_an_item_is_not_locked(self):
        task = self._make_announced()
        self.env.cr.execute(
            "DELETE FROM srsp_item_srsp_task_rel WHERE srsp_task_id = %s", [task.id]
        )
        task.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "no item to inspect"):
            task._lock_roster(NOW)

    def test_strata_take_their_own_ratio_rounded_up(self):
        self.targets[:21].risk_class = "D"
        self.targets[21:24].risk_class = "C"
        self.targets[24].write({"risk_class": "A"})
        task = self._make_drawn(stratify_by="risk_class")
        self.assertEqual(
            task.draw_id.strata,
            [
                {"key": "A", "size": 1, "ratio": 0.05, "quota": 1},
                {"key": "B", "size": 94, "ratio": 0.05, "quota": 5},
                {"key": "C", "size": 3, "ratio": 0.2, "quota": 1},
                {"key": "D", "size": 21, "ratio": 0.5, "quota": 11},
            ],
        )
        drawn = task.draw_id.drawn_line_ids
        self.assertEqual(
            {
                key: len(drawn.filtered(lambda line, key=key: line.stratum == key))
                for key in "ABCD"
            },
            {"A": 1, "B": 5, "C": 1, "D": 11},
        )
        self.assertEqual(task.draw_id._find_difference(), "")

    def test_whoever_is_left_out_stands_in_the_certificate(self):
        self.targets[0].write({"state": "suspended", "state_reason": "Renovation"})
        with freeze_time("2026-02-01"):  # before the announcement
            self.targets[1].write({"state": "cancelled", "state_reason": "Wound up"})
        self.rulebook.cap_b = 1
        earlier = self._make_drawn(target_domain=self._make_filter(self.targets[2]))
        self.assertEqual(earlier.inspection_ids.entity_id, self.targets[2].entity_id)
        task = self._make_drawn()
        labels = self.targets.sorted("code").mapped("code")
        cert = task.draw_id._get_certificate()
        self.assertEqual(
            list(task.draw_id._query_excluded()),
            [(labels[0], "suspended"), (labels[2], "visit_cap")],
        )
        self.assertEqual(
            [label for label, _digest in cert["excluded"]], [labels[0], labels[2]]
        )
        self.assertEqual([label for label, _stratum in cert["roster"]], labels[3:])

    def test_two_targets_of_one_entity_are_one_visit(self):
        self.targets[1].write(
            {
                "entity_id": self.targets[0].entity_id.id,
                "permit_number": "Second licence",
            }
        )
        task = self._make_drawn(ratio=1.0)
        self.assertEqual(len(task.draw_id.drawn_line_ids), 119)
        self.assertEqual(len(task.inspection_ids), 118)
        visit = task.inspection_ids.filtered(
            lambda visit: visit.entity_id == self.targets[0].entity_id
        )
        self.assertEqual(visit.line_ids.target_id, self.targets[:2])
        self.assertEqual(task.draw_id._find_difference(), "")

    def test_teams_respect_certificates_sectors_duty_and_recusals(self):
        expired, elsewhere, away = self.officers[:3]
        expired.certificate_valid_until = date(2026, 5, 1)  # before the window ends
        elsewhere.sector_ids = self.mining
        away.on_duty = False
        support = self._make_inspector(
            "DT-01", pool_kind="detachment", division_id=self.detachment.id
        )
        self._make_inspector("EX-01", pool_kind="expert")
        entity = self.targets[0].entity_id
        self.env["srsp.recusal"].create(
            {
                "inspector_id": self.officers[3].id,
                "entity_id": entity.id,
                "reason": "Spouse",
                "date_from": date(2026, 1, 1),
            }
        )
        task = self._make_drawn(ratio=1.0)
        self.assertEqual(
            task.draw_id.inspectors,
            [
                ["DT-01", "detachment", "DT", 0],
                ["SV-04", "division", "SV", 0],
                ["SV-05", "division", "SV", 0],
            ],
        )
        visit = task.inspection_ids.filtered(lambda visit: visit.entity_id == entity)
        self.assertEqual(visit.officer_ids, support | self.officers[4])
        others = task.inspection_ids - visit
        self.assertEqual(
            {visit.officer_ids for visit in others},
            {self.officers[3] | self.officers[4]},
        )
        self.assertEqual(task.draw_id._find_difference(), "")
        self.assertNotIn(
            "Spouse", canonical.dumps(task.draw_id._get_certificate()).decode()
        )

    def test_a_draw_never_happens_early_and_never_twice(self):
        task = self._make_announced()
        draw = task._lock_roster(NOW)
        with self.assertRaisesRegex(UserError, "cannot happen earlier"):
            draw._draw(DRAW_AT - timedelta(seconds=1))
        draw._draw(DRAW_AT)
        before = draw._get_certificate()
        with self.assertRaisesRegex(UserError, "a draw happens once"):
            draw._draw(DRAW_AT)
        with self.assertRaisesRegex(UserError, "Drawn"):
            task._lock_roster(NOW)
        self.assertEqual(draw._get_certificate(), before)

    def test_randomness_is_asked_for_once(self):
        draw = self._make_announced()._lock_roster(NOW)
        draw._record_randomness(DRAW_AT)
        first = draw.iteration_ids.randomness_hex
        draw._record_randomness(DRAW_AT)
        draw._draw(DRAW_AT)
        self.assertEqual(draw.iteration_ids.mapped("randomness_hex"), [first])

    def test_a_locked_pool_never_changes(self):
        draw = self._make_announced()._lock_roster(NOW)
        frozen = "never change"
        living = {"state", "drawn_at", "void_reason", "entry", "entered_by_id"}
        living |= {"void_request_id", "request_ids"}
        own = [
            name
            for name, field in draw._fields.items()
            if name not in models.MAGIC_COLUMNS and not field.compute
        ]
        self.assertLessEqual(living | {"strata", "classes", "officer_cap"}, set(own))
        for name in set(own) - living:
            with self.assertRaisesRegex(UserError, frozen, msg=name):
                draw.write({name: draw[name]})
        for attempt in (
            lambda: self._roster(draw)[0].write({"excluded_reason": "suspended"}),
            lambda: self._roster(draw)[0].unlink(),
            lambda: self.env["srsp.draw.line"].create({"draw_id": draw.id}),
        ):
            with self.assertRaisesRegex(UserError, frozen):
                attempt()
        with self.assertRaisesRegex(UserError, "only be voided"):
            draw.unlink()
        self._make_targets(3)
        self.targets[0].write({"state": "suspended", "state_reason": "Too late"})
        draw._draw(DRAW_AT)
        self.assertEqual(len(draw._get_certificate()["roster"]), 119)
        self.assertEqual(draw._find_difference(), "")

    def test_a_substitute_is_the_next_in_line_of_the_next_code(self):
        task = self._make_drawn()
        draw, visit = task.draw_id, task.inspection_ids[0]
        gone = visit.line_ids.target_id.code
        first = draw._get_certificate()
        visit._replace("Closed for good")
        cert = draw._get_certificate()
        self.assertEqual(cert["iterations"][0], first["iterations"][0])
        second = cert["iterations"][1]
        self.assertEqual(second["unavailable"], [[gone, "Closed for good"]])
        prk = vrs.extract(
            bytes.fromhex(second["one_time_code_hex"]),
            bytes.fromhex(second["randomness_hex"]),
        )
        taken = {
            label for label, _stratum, _position in first["iterations"][0]["selected"]
        }
        rest = [
            target.code.encode() for target in self.targets if target.code not in taken
        ]
        [(position, label)] = vrs.lowest(prk, rest, 1)
        self.assertEqual(second["selected"], [[label.decode(), "all", position.hex()]])
        self.assertEqual(
            (visit.stage, len(task.inspection_ids), task.inspection_count),
            ("cancelled", 7, 6),
        )
        self.assertEqual(draw._find_difference(), "")

    def test_voiding_is_an_event_and_the_next_draw_has_its_own_number(self):
        task = self._make_drawn()
        voided = task.draw_id
        voided._void("Wrong filter")
        self.assertEqual(
            (voided.state, voided.void_reason, task.state),
            ("voided", "Wrong filter", "planned"),
        )
        self.assertEqual(set(voided.inspection_ids.mapped("stage")), {"cancelled"})
        task.write({"announced_on": NOW})
        again = task._lock_roster(NOW)
        self.assertEqual(again.number, f"{task.number}-2")
        self.assertEqual(task.draw_ids, voided | again)
        kinds = self.env["srsp.event"].search(
            [("res_model", "=", "srsp.draw"), ("res_id", "=", voided.id)]
        )
        self.assertEqual(
            kinds.mapped("kind"),
            ["draw.voided", "draw.drawn", "draw.committed", "draw.identified"],
        )
        self.assertEqual(voided._find_difference(), "")

    def test_a_draw_voided_before_it_was_drawn_recomputes_too(self):
        draw = self._make_announced()._lock_roster(NOW)
        draw._void("Wrong filter")
        self.assertEqual(draw._find_difference(), "")

    def test_a_draw_with_begun_visits_cannot_be_voided(self):
        task = self._make_drawn()
        task.inspection_ids[0].stage = "on_site"
        with self.assertRaisesRegex(UserError, "visits have begun"):
            task.draw_id._void("Regret")

    def test_an_empty_pool_keeps_nothing(self):
        task = self._make_announced(
            target_domain=self._make_filter(self.targets.browse())
        )
        with (
            self.assertRaisesRegex(UserError, "there is no target to draw"),
            self.env.cr.savepoint(),
        ):
            task._lock_roster(NOW)
        self.assertFalse(self.env["srsp.draw"].search([("task_id", "=", task.id)]))

    def test_fewer_than_two_officers_stop_the_lock_and_say_what_to_do(self):
        self.officers[1:].on_duty = False
        task = self._make_announced()
        with self._refused("1 officers are eligible, a team needs 2.*Add officers"):
            task._lock_roster(NOW)
        self.officers[1].on_duty = True
        self.env["srsp.recusal"].create(
            {
                "inspector_id": self.officers[0].id,
                "entity_id": self.targets[7].entity_id.id,
                "reason": "Brother",
                "date_from": date(2026, 1, 1),
            }
        )
        with self._refused("too few officers remain for Unit 008"):
            task._lock_roster(NOW)
        self.assertFalse(task.draw_ids)

    def test_a_draw_that_cannot_be_served_says_whom_it_lacks_and_keeps_nothing(self):
        self.rulebook.officer_cap = 3
        self.env["srsp.recusal"].create(
            [
                {
                    "inspector_id": officer.id,
                    "entity_id": entity.id,
                    "reason": "Brother",
                    "date_from": date(2026, 1, 1),
                }
                for officer in self.officers[2:]
                for entity in self.targets.entity_id
            ]
        )
        draw = self._make_announced()._lock_roster(NOW)
        names = ", ".join(
            self.officers[:2].sorted("staff_number").mapped("display_name")
        )
        with (
            self._refused(
                f"6 visits cannot get a full team, among them: .*{re.escape(names)} \\(2 inspectors in all\\)"
                " would have to make at least 12 visits but can only make 6 more"
                " under the annual limit of 3: 6 are missing"
            ),
            self.env.cr.savepoint(),
        ):
            draw._draw(DRAW_AT)
        self.assertEqual((draw.state, draw.iteration_ids.teams), ("committed", False))
        self.assertFalse(draw.inspection_ids)
        self.assertFalse(draw.drawn_line_ids)

    def test_a_ratio_below_the_floor_needs_a_reason(self):
        task = self._make_announced(ratio=0.01)
        with self.assertRaisesRegex(UserError, "below the rulebook's floor"):
            task._lock_roster(NOW)
        task.ratio_reason = "Key item drawn in batches"
        self.assertEqual(
            task._lock_roster(NOW).strata,
            [{"key": "all", "size": 119, "ratio": 0.01, "quota": 2}],
        )

    def test_every_reason_that_a_lock_can_give_has_words(self):
        """Whoever adds a reason to the statements adds its words."""
        lock = roster_lock.RosterLock
        sql = "".join(map(inspect.getsource, (lock._fill, lock._get_reasons_sql)))
        codes = set(re.findall(r"THEN '(\w+)'", sql))
        self.assertLessEqual(
            {"suspended", "removed", "visit_cap", "interval", "external_case"}, codes
        )
        for code in codes:
            line = self.env["srsp.draw.line"].new(
                {"excluded_reason": code, "stratum": "all"}
            )
            self.assertRegex(line.excluded_reason_name, r"^[A-Z]", code)

    def test_losing_the_key_stops_the_draw_and_says_so(self):
        draw = self._make_announced()._lock_roster(NOW)
        self.patch(draw_key, "load", lambda path: bytes(32))
        with self.assertRaisesRegex(UserError, "another draw key"):
            draw._draw(DRAW_AT)

    def test_the_database_alone_does_not_know_the_secret(self):
        draw = self._make_announced()._lock_roster(NOW)
        *codes, _commitment = self._get_codes(draw)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT row_to_json(d)::text FROM srsp_draw d WHERE id = %s", [draw.id]
        )
        row = self.env.cr.fetchone()[0]
        self.assertIn(draw.code_hex, row)
        first = bytes.fromhex(codes[0])
        self.assertEqual(hashlib.sha256(first).hexdigest(), draw.code_hex)
        for code in codes:
            self.assertNotIn(code, row)
        with self.assertRaises(AccessError):
            draw.with_user(self._make_user("curious", "administrator")).read(["nonce"])


@tagged("post_install", "-at_install")
class TestScheduledActions(SrspCase):
    def _run(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"srsp_supervision.{name}").method_direct_trigger()

    def test_the_scheduled_actions_lock_and_draw_when_due_and_only_once(self):
        task = self._make_announced()
        with freeze_time(task.lock_at - timedelta(minutes=1)):
            self._run("ir_cron_lock_roster")
        self.assertEqual(task.state, "planned")
        with freeze_time(task.lock_at):
            self._run("ir_cron_lock_roster")
            self._run("ir_cron_lock_roster")
            self._run("ir_cron_draw")
        self.assertEqual((task.state, len(task.draw_ids)), ("committed", 1))
        with freeze_time(DRAW_AT):
            self._run("ir_cron_draw")
            first = task.draw_id._get_certificate()
            self._run("ir_cron_draw")
        self.assertEqual(
            (task.state, len(task.draw_ids), len(task.inspection_ids)), ("drawn", 1, 6)
        )
        self.assertEqual(task.draw_id._get_certificate(), first)

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_task")
    def test_an_error_stays_with_its_task_and_the_announcement_lapses(self):
        self.surveying.member_ids = self._make_user(
            "officer", "division_officer", self.surveying
        )
        stuck = self._make_announced(
            target_domain=self._make_filter(self.targets.browse()), name="Blocked"
        )
        task = self._make_announced()
        with freeze_time(DRAW_AT - timedelta(hours=1)):
            self._run("ir_cron_lock_roster")
        self.assertEqual((stuck.state, task.state), ("planned", "committed"))
        self.assertRegex(stuck.blocked_reason, "there is no target to draw")
        told = len(stuck.message_ids)
        [todo] = stuck.activity_ids
        self.assertIn("there is no target to draw", todo.note)
        with freeze_time(DRAW_AT - timedelta(minutes=59)):
            self._run("ir_cron_lock_roster")
        self.assertEqual((len(stuck.message_ids), stuck.activity_ids), (told, todo))
        with freeze_time(DRAW_AT + timedelta(hours=1)):
            self._run("ir_cron_lock_roster")
        self.assertFalse(stuck.announced_on)
        [todo] = stuck.activity_ids
        self.assertIn("announce a new time", todo.note)
        self.assertRegex(
            stuck.blocked_reason, "announce a new time.*there is no target to draw"
        )

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_task")
    def test_an_administrator_hears_of_a_stuck_draw_for_which_nobody_answers(self):
        former = self._make_user("former", "division_manager", self.surveying)
        self.surveying.manager_id = former
        former.active = False
        administrator = self._make_user("admin", "administrator")
        stuck = self._make_announced(
            target_domain=self._make_filter(self.targets.browse())
        )
        company = "odoo.addons.srsp_supervision.models.base.res_company"
        with freeze_time(DRAW_AT - timedelta(hours=1)), self.assertLogs(company) as log:
            self._run("ir_cron_lock_roster")
        self.assertEqual(stuck.activity_ids.user_id, administrator)
        [line] = log.output
        self.assertRegex(line, rf"srsp.task\({stuck.id},\): .*nobody of Harbour Bureau")
        self.assertIn(administrator.login, line)


@tagged("post_install", "-at_install")
class TestSelection(SrspCase):
    def test_selection_in_sql_equals_the_reference_on_any_script(self):
        draw = self._make_announced()._lock_roster(NOW)
        awkward = [
            "测绘-①",
            "emoji 🧭",
            "e\u0301cole",
            "École",
            "ﬃ",
            "a" * 200,
            "\u202eabc",
            "0",
            "𠮷野",
        ]
        labels = awkward + [
            f"{word}{number}" for number in range(1100) for word in awkward
        ]
        self.env.cr.execute(
            "ALTER TABLE srsp_draw_line ALTER target_id DROP NOT NULL, ALTER entity_id DROP NOT NULL"
        )
        self.env.cr.execute_values(
            "INSERT INTO srsp_draw_line (draw_id, label, stratum) VALUES %s",
            [(draw.id, label, "odd") for label in labels],
        )
        iteration = self.env["srsp.draw.iteration"].create(
            {
                "draw_id": draw.id,
                "number": 1,
                "randomness_hex": "00",
                "kind": "extension",
                "places": [["odd", 500]],
            }
        )
        prk = bytes(range(32))
        iteration._select(prk)
        self.env.cr.execute(
            "SELECT position, label FROM srsp_draw_line WHERE draw_id = %s AND iteration = 1 ORDER BY position",
            [draw.id],
        )
        expected = vrs.lowest(prk, [label.encode() for label in labels], 500)
        self.assertEqual(
            self.env.cr.fetchall(),
            [(position.hex(), label.decode()) for position, label in expected],
        )

    def test_the_published_example_comes_out_of_sql_in_its_order(self):
        draw = self._make_announced()._lock_roster(NOW)
        labels = [label.decode() for _prefix, label in LOWEST_FIRST]
        self.env.cr.execute_values(
            "INSERT INTO srsp_draw_line (draw_id, target_id, entity_id, label, stratum) VALUES %s",
            [
                (draw.id, target.id, target.entity_id.id, label, "published")
                for target, label in zip(self.targets, sorted(labels), strict=False)
            ],
        )
        iteration = self.env["srsp.draw.iteration"].create(
            {"draw_id": draw.id, "number": 1, "randomness_hex": "00"}
        )
        prk = vrs.extract(bytes.fromhex(FIRST_CODE), RANDOMNESS)
        for number in (3, 6):
            iteration._make_chosen(prk, {"published": number})
            self.env.cr.execute(
                """SELECT left(encode(chosen.position, 'hex'), 27), label
                     FROM srsp_chosen chosen JOIN srsp_draw_line line ON line.ctid = chosen.spot
                 ORDER BY chosen.position"""
            )
            self.assertEqual(
                [(prefix, label.encode()) for prefix, label in self.env.cr.fetchall()],
                LOWEST_FIRST[:number],
            )

    def test_a_stratum_that_falls_short_of_its_bound_is_ranked_whole(self):
        task = self._make_announced()
        draw = task._lock_roster(NOW)
        model = type(self.env["srsp.draw.iteration"])
        below = (1).to_bytes(32, "big")
        self.patch(model, "_get_bounds", lambda _self, _places: [("all", below)])
        draw._draw(DRAW_AT)
        self.assertEqual(len(draw.drawn_line_ids), 6)
        self.assertEqual(draw._find_difference(), "")
