import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...models.draw.srsp_draw_lottery import _read_numbers
from ...tools import drand
from ...tools.outgoing import parse_networks
from ..common import DRAW_AT, NOW, SrspCase

# Quicknet's round 657413, as drand's own test suites have it.
ROUND = 657413
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
RANDOMNESS = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
SIGNED_AT = datetime(2023, 9, 15, 11, 0, 3)
LOOPBACK = "127.0.0.0/8"
PATH = f"/{drand.CHAIN_HASH}/public/{ROUND}"
# Another point of the right group: the signature's negative.
FORGED = f"{int(SIGNATURE[0], 16) ^ 2:x}{SIGNATURE[1:]}"


DRIPPING_HEADER = "drips"


class Beacon(ThreadingHTTPServer):
    """A drand address on this machine; ``answer`` is (status, body), ``None`` hangs until it is closed."""

    daemon_threads = True

    def __init__(self, status=200, body=None, drip=0):
        super().__init__(("127.0.0.1", 0), Answer)
        body = {"round": ROUND, "signature": SIGNATURE} if body is None else body
        self.status, self.drip, self.asked = status, drip, []
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_args):
        """Say nothing of a client that hangs up."""

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.status == DRIPPING_HEADER:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not self.server.closing.wait(0.1):
                self.wfile.write(b"x")
            return
        if not self.server.status:
            self.server.closing.wait()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        for byte in self.server.body:
            self.wfile.write(bytes([byte]))
            if self.server.drip and self.server.closing.wait(self.server.drip):
                return

    def log_message(self, *_args):
        """Say nothing."""


def fetch(servers, **options):
    """Fetch the round from servers on this machine."""
    urls = [server.url for server in servers]
    return drand.fetch(urls, ROUND, allowed=parse_networks(LOOPBACK), **options)


def beacon(case, **options):
    server = Beacon(**options)
    case.addCleanup(server.close)
    return server


@tagged("post_install", "-at_install")
class TestDrand(BaseCase):
    def test_the_round_of_a_moment_is_the_first_signed_then_or_later(self):
        signed = SIGNED_AT.replace(tzinfo=UTC).timestamp()
        self.assertEqual(
            [drand.round_at(signed + offset) for offset in (-3, -2, 0, 1, 3, 4)],
            [ROUND - 1, ROUND, ROUND, ROUND + 1, ROUND + 1, ROUND + 2],
        )
        self.assertEqual(drand.round_at(0), 1)
        self.assertEqual(drand.round_at(drand.GENESIS), 1)

    def test_a_signature_holds_for_its_round_and_key_alone(self):
        signature = bytes.fromhex(SIGNATURE)
        self.assertTrue(drand.verify(drand.PUBLIC_KEY, ROUND, signature))
        self.assertEqual(drand.randomness(signature).hex(), RANDOMNESS)
        self.assertFalse(drand.verify(drand.PUBLIC_KEY, ROUND + 1, signature))
        for forged in (
            bytes.fromhex(FORGED),
            signature[:-1],
            signature + b"\0",
            b"\0" + signature[1:],
            b"\xc0" + bytes(47),  # the point at infinity
            b"\xff" * 48,
            bytes(48),
            b"",
        ):
            self.assertFalse(drand.verify(drand.PUBLIC_KEY, ROUND, forged), forged)

    def test_the_second_address_takes_over_from_one_that_fails_in_any_way(self):
        good = beacon(self)
        for broken in (
            {"status": 500},
            {"status": 404},
            {"status": 302},
            {"body": b"no JSON"},
            {"body": []},
            {"body": {"round": ROUND}},
            {"body": {"round": ROUND, "signature": None}},
            {"body": {"round": ROUND, "signature": "xyz"}},
            {"body": {"round": ROUND, "signature": FORGED}},
            {"body": b" " * 5000},
            {"status": None},
            {"body": b"[" * 4000},
            {"drip": 0.1},
            {"status": DRIPPING_HEADER},
        ):
            first = beacon(self, **broken)
            found = fetch([first, good], timeout=0.5)
            self.assertEqual((found.hex(), first.asked), (SIGNATURE, [PATH]), broken)
            self.assertEqual(good.asked.pop(), PATH, broken)
        nobody = beacon(self)
        nobody.close()
        good.url += "/"
        self.assertTrue(fetch([nobody, good]))
        self.assertEqual(good.asked, [PATH])

    def test_the_error_says_what_each_address_did_and_whether_it_is_too_early(self):
        early, broken = beacon(self, status=425), beacon(self, status=503)
        with self.assertRaisesRegex(
            drand.DrandError, "round 657413 is not there yet; .*HTTP 503"
        ) as caught:
            fetch([early, broken])
        self.assertEqual(caught.exception.reason, "early")
        with self.assertRaisesRegex(drand.DrandError, "HTTP 503") as caught:
            fetch([broken])
        self.assertEqual(caught.exception.reason, "wrong")
        with self.assertRaisesRegex(drand.DrandError, "no address"):
            fetch([])

    def test_an_address_inside_is_not_asked_unless_its_network_is_allowed(self):
        server = beacon(self)
        with self.assertRaises(drand.DrandError) as caught:
            drand.fetch([server.url], ROUND)
        self.assertEqual(caught.exception.failures, [(server.url, "forbidden")])
        self.assertEqual(server.asked, [])


@tagged("post_install", "-at_install")
class TestDrandDraw(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rulebook.copy(
            {"effective_date": "2023-01-01", "state": "published", "name": "Of 2023"}
        )
        cls.allow(LOOPBACK)

    @classmethod
    def allow(cls, networks):
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("srsp.allowed_networks", networks)

    def _lock(self):
        task = self._make_announced(
            randomness_kind="drand",
            draw_at=SIGNED_AT,
            lock_at=SIGNED_AT - timedelta(hours=24),
            announced_on=SIGNED_AT - timedelta(hours=48),
        )
        return task._lock_roster(SIGNED_AT - timedelta(hours=24))

    def _run_draws(self):
        with self.enter_registry_test_mode():
            self.env.ref("srsp_supervision.ir_cron_draw").method_direct_trigger()

    def test_the_lock_fixes_the_round_and_the_draw_takes_its_randomness(self):
        draw = self._lock()
        self.assertEqual(
            draw._get_commitment()["randomness"]["drand"],
            {
                "chain_hash": drand.CHAIN_HASH,
                "round": ROUND,
                "public_key": drand.PUBLIC_KEY,
            },
        )
        with self._refused("never change"):
            draw.drand = {**draw.drand, "round": ROUND + 1}
        self.company.srsp_drand_urls = beacon(self).url
        draw._draw(SIGNED_AT)
        [iteration] = draw._get_certificate()["iterations"]
        self.assertEqual(
            (iteration["randomness_hex"], iteration["signature_hex"]),
            (RANDOMNESS, SIGNATURE),
        )
        self.assertEqual(draw._find_difference(), "")

    def test_a_round_not_yet_there_leaves_the_draw_waiting_until_it_is(self):
        draw = self._lock()
        task = draw.task_id
        server = beacon(self, status=404)
        self.company.srsp_drand_urls = server.url
        with freeze_time(SIGNED_AT):
            self._run_draws()
            self._run_draws()
        self.assertEqual((draw.state, draw.iteration_ids.ids), ("committed", []))
        waiting = task.waiting_reason
        self.assertRegex(waiting, "retries every minute.*has not been published yet")
        self.assertEqual(draw._get_room_state()["message"], waiting)
        self.assertEqual(
            (task.blocked_reason, task.color_state, task.activity_ids.ids),
            (False, "normal", []),
        )
        server.status = 200
        self._run_draws()
        self.assertEqual((draw.state, task.waiting_reason), ("drawn", False))
        self.assertEqual(draw.iteration_ids.randomness_hex, RANDOMNESS)

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_task")
    def test_a_forged_round_stops_the_draw_and_its_manager_hears_of_it(self):
        manager = self._make_user("head", "division_manager", self.surveying)
        self.surveying.manager_id = manager
        draw = self._lock()
        server = beacon(self, body={"round": ROUND, "signature": FORGED})
        self.company.srsp_drand_urls = server.url
        self._run_draws()
        self.assertEqual((draw.state, draw.iteration_ids.ids), ("committed", []))
        self.assertRegex(
            draw.task_id.blocked_reason, "the signature does not match the chain"
        )
        self.assertEqual(draw.task_id.activity_ids.user_id, manager)
        self.assertEqual(server.asked, [PATH])

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_draw")
    def test_an_outage_is_told_once_however_its_failures_change(self):
        manager = self._make_user("head", "division_manager", self.surveying)
        self.surveying.manager_id = manager
        draw, server = self._lock(), beacon(self, status=503)
        task, self.company.srsp_drand_urls = draw.task_id, server.url
        with self.assertLogs(
            "odoo.addons.srsp_supervision.models.draw.srsp_task"
        ) as log:
            with freeze_time(SIGNED_AT):
                self._run_draws()
            told = len(task.message_ids)
            for status in (404, 425, 503):
                server.status = status
                with freeze_time(SIGNED_AT + timedelta(minutes=1)):
                    self._run_draws()
            server.status = 404
            with freeze_time(SIGNED_AT + timedelta(hours=1)):
                self._run_draws()
        self.assertEqual(len(log.output), 1)
        self.assertEqual(len(task.message_ids), told)
        [todo] = task.activity_ids
        self.assertEqual((todo.user_id, task.blocked_since), (manager, SIGNED_AT))
        self.assertRegex(task.blocked_reason, "has not been published yet")
        self.assertIn("has not been published yet", todo.note)
        self.assertEqual(task.color_state, "blocked")
        server.status = 200
        self._run_draws()
        self.assertEqual(
            (
                draw.state,
                task.blocked_reason,
                task.blocked_since,
                task.activity_ids.ids,
            ),
            ("drawn", False, False, []),
        )

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_task")
    def test_a_round_that_stays_away_is_told_after_a_while(self):
        draw, server = self._lock(), beacon(self, status=404)
        task, self.company.srsp_drand_urls = draw.task_id, server.url
        manager = self._make_user("head", "division_manager", self.surveying)
        self.surveying.manager_id = manager
        with freeze_time(SIGNED_AT + timedelta(minutes=15)):
            self._run_draws()
        self.assertEqual(
            (task.blocked_reason, bool(task.waiting_reason)), (False, True)
        )
        with freeze_time(SIGNED_AT + timedelta(minutes=16)):
            self._run_draws()
        self.assertEqual(
            (bool(task.blocked_reason), task.waiting_reason), (True, False)
        )
        self.assertEqual(task.activity_ids.user_id, manager)

    def test_failures_are_told_in_plain_words_and_kept_in_the_log_as_they_are(self):
        draw = self._lock()
        silent, broken = beacon(self, status=None), beacon(self, status=503)
        gone = beacon(self)
        gone.close()
        servers = (gone, silent, broken)
        self.company.srsp_drand_urls = "\n".join(server.url for server in servers)
        self.patch(drand.fetch, "__defaults__", (0.5,))
        with (
            self.assertLogs(
                "odoo.addons.srsp_supervision.models.draw.srsp_draw"
            ) as log,
            self.assertRaises(UserError) as caught,
        ):
            draw._record_randomness(SIGNED_AT)
        message = str(caught.exception)
        for words in (
            f"{gone.url}: cannot be reached",
            f"{silent.url}: did not answer in time",
            f"{broken.url}: returned an answer that is not a valid round",
        ):
            self.assertIn(words, message)
        self.assertNotRegex(message, "HTTP|urllib|Connection")
        self.assertRegex(log.output[0], "Max retries.*HTTP 503")

    @mute_logger("odoo.addons.srsp_supervision.models.draw.srsp_draw")
    def test_a_beacon_inside_waits_for_the_system_administrator(self):
        draw = self._lock()
        server = beacon(self)
        self.company.srsp_drand_urls = server.url
        self.allow("10.0.0.0/8, ::1")
        with self._refused(f"{server.url}: is in a network that is not allowed"):
            draw._record_randomness(SIGNED_AT)
        self.assertEqual(server.asked, [])
        self.allow("10.0.0.0/8, 127.0.0.1")
        draw._record_randomness(SIGNED_AT)
        self.assertEqual(draw.iteration_ids.randomness_hex, RANDOMNESS)

    def test_the_system_administrator_alone_allows_networks(self):
        admin = self._make_user("network_administrator", "administrator")
        parameters = self.env["ir.config_parameter"]
        with self.assertRaises(AccessError):
            parameters.with_user(admin).set_param("srsp.allowed_networks", "0.0.0.0/0")
        for text in ("all", "10.0.0.1/8", "10.0.0.0/33"):
            with self._refused("enter networks separated by commas", ValidationError):
                self.allow(text)

    def test_addresses_are_https_except_on_this_machine(self):
        self.company.srsp_drand_urls = "https://a.example/x\n http://localhost:1 "
        self.assertEqual(
            self.company._srsp_get_drand_urls(),
            ["https://a.example/x", "http://localhost:1"],
        )
        for url in (
            "http://a.example",
            "ftp://a.example",
            "https://",
            "https://me@a.example",
            "http://localhost.a.example",
            "https://a.example?x",
        ):
            with self._refused("begins with https", ValidationError):
                self.company.srsp_drand_urls = url
        self.company.srsp_drand_urls = False
        with self._refused("has no drand address: set one in Settings › Companies"):
            self._lock()


@tagged("post_install", "-at_install")
class TestSourceOfAnAddon(SrspCase):
    def setUp(self):
        super().setUp()
        model = self.registry["srsp.draw"]
        self.addCleanup(self.registry._setup_models__, self.env.cr, [model._name])
        self.addCleanup(setattr, model, "_base_classes__", model._base_classes__)

    def _make_dice(self):
        """Let the registry know a source as an addon would bring it."""
        from odoo.orm.model_classes import add_to_registry

        class Dice(models.Model):
            _module = None
            _name = "srsp.draw"
            _inherit = ["srsp.draw"]

            randomness_kind = fields.Selection(
                selection_add=[("dice", "Dice")], ondelete={"dice": "cascade"}
            )

            @api.model
            def _get_automatic_kinds(self):
                return [*super()._get_automatic_kinds(), "dice"]

            @api.model
            def _get_source_statements(self):
                return super()._get_source_statements() | {"dice": "All saw them."}

            def _fetch_randomness_dice(self, now):
                return {"randomness_hex": b"6.1.4".hex()}

        add_to_registry(self.registry, Dice)
        self.registry._setup_models__(self.env.cr, ["srsp.draw"])
        return Dice

    def test_an_addon_brings_its_own_source_by_inheriting_alone(self):
        self._make_dice()
        draw = self._make_announced(randomness_kind="dice")._lock_roster(NOW)
        self.assertEqual(draw.randomness_statement, "All saw them.")
        with self.enter_registry_test_mode(), freeze_time(DRAW_AT):
            self.env.ref("srsp_supervision.ir_cron_draw").method_direct_trigger()
        self.assertEqual(
            (draw.state, draw.iteration_ids.randomness_hex), ("drawn", b"6.1.4".hex())
        )
        self.assertEqual(draw._find_difference(), "")
        self.assertEqual(draw._get_room_values()["source"], "Dice")

    def test_no_task_takes_a_source_that_proves_less_than_the_rulebooks(self):
        self._make_dice()
        kinds = self.env["srsp.draw"]._get_source_statements()
        self.assertEqual(list(kinds), ["system", "lottery", "drand", "dice"])
        words = "the rulebook does not allow this source of randomness"
        manager = self._make_user("manager", "division_manager", self.surveying)
        vals = {"lottery": "Harbour Six, 31", "draw_at": DRAW_AT}
        for rule, refused in (
            ("system", []),
            ("lottery", ["system"]),
            ("drand", ["system", "lottery"]),
        ):
            self.rulebook.randomness_kind = rule
            for kind in refused:
                with self.subTest(rule=rule, kind=kind), freeze_time(NOW):
                    task = self._make_task(randomness_kind=kind, **vals)
                    with self._refused(words):
                        task.with_user(manager).action_announce()
                    task.announced_on = NOW
                    with self._refused(words):
                        task._lock_roster(NOW)
        draw = self._make_announced(randomness_kind="dice")._lock_roster(NOW)
        self.assertEqual(draw.randomness_kind, "dice")


# The digits 0 to 9 as people type and paste them, and what stands between numbers.
WIDTHS = ("0123456789", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "٠١٢٣٤٥٦٧٨٩")
SEPARATORS = " .,;:/|+-、，。；：·＋－　—\t\n"


@tagged("post_install", "-at_install")
class TestLottery(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        cls.policy = cls._make_user("policy", "policy_officer")

    def _lock(self, **values):
        vals = {"randomness_kind": "lottery", "lottery": "Harbour Six, 31", **values}
        return self._make_announced(**vals)._lock_roster(NOW)

    def _enter(self, user, draw, value, witnesses="Lin, Chen"):
        """What the button of the form answers."""
        vals = {"draw_id": draw.id, "value": value, "witnesses": witnesses}
        with (
            freeze_time(DRAW_AT),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cursor,  # the second entry commits the randomness
        ):
            wizard = self.env["srsp.draw.randomness"].with_user(user).create(vals)
            return wizard.with_env(wizard.env(cr=cursor)).action_confirm()

    def test_two_people_who_agree_draw(self):
        draw = self._lock()
        answer = self._enter(self.manager, draw, " 9, 18-26.34.41 45")
        self.assertRegex(
            answer["params"]["message"],
            "Another person must now enter the result again",
        )
        self.assertNotIn("18", json.dumps(answer))
        self.assertEqual(
            (draw.state, draw.entered_by_id, draw.iteration_ids.ids),
            ("committed", self.manager, []),
        )
        answer = self._enter(self.policy, draw, "9.18.26.34.41.45", "Lin, Notary Wu")
        self.assertEqual(answer, {"type": "ir.actions.act_window_close"})
        [iteration] = draw._get_certificate()["iterations"]
        self.assertEqual(
            (
                bytes.fromhex(iteration["randomness_hex"]),
                iteration["entered_by"],
                iteration["witnesses"],
            ),
            (
                b"9.18.26.34.41.45",
                [
                    f"{user.name} [uid {user.id}]"
                    for user in (self.manager, self.policy)
                ],
                "Lin, Chen; Lin, Notary Wu",
            ),
        )
        self.assertEqual(draw._find_difference(), "")
        with self._refused("draw happens once"):
            self._enter(self.manager, draw, "1")

    def test_two_entries_that_differ_are_dropped_and_recorded(self):
        draw = self._lock()
        self._enter(self.manager, draw, "1 2 3")
        answer = self._enter(self.policy, draw, "1 2 4")
        self.assertEqual(answer["params"]["type"], "danger")
        self.assertFalse(draw.iteration_ids or draw.entered_by_id or draw.entry)
        event = self.env["srsp.event"].search(
            [("res_id", "=", draw.id), ("res_model", "=", draw._name)], limit=1
        )
        self.assertEqual(
            (event.kind, event.res_id, json.loads(event.payload)),
            (
                "draw.entries_differ",
                draw.id,
                {
                    "format": 1,
                    "number": draw.number,
                    "entries": [
                        [
                            f"{user.name} [uid {user.id}]",
                            "2026-03-23T01:30:00Z",
                            value,
                        ]
                        for user, value in (
                            (self.manager, "1.2.3"),
                            (self.policy, "1.2.4"),
                        )
                    ],
                },
            ),
        )
        self._enter(self.policy, draw, "1 2 4")
        self._enter(self.manager, draw, "1 2 4")
        self.assertEqual(draw.iteration_ids.randomness_hex, b"1.2.4".hex())
        self.assertEqual(draw._find_difference(), "")

    def test_one_person_is_not_two(self):
        draw = self._lock()
        self._enter(self.manager, draw, "1 2 3")
        with self._refused("You made the first entry"):
            self._enter(self.manager, draw, "1 2 3")
        self.assertEqual((draw.state, draw.entered_by_id), ("committed", self.manager))

    def test_nobody_reads_the_first_entry(self):
        draw = self._lock()
        self._enter(self.manager, draw, "271828")
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT row_to_json(d)::text FROM srsp_draw d WHERE id = %s", [draw.id]
        )
        self.assertNotIn("271828", self.env.cr.fetchone()[0])
        for role in ("policy_officer", "auditor", "administrator"):
            user = self._make_user(f"curious_{role}", role)
            with self.assertRaises(AccessError):
                draw.with_user(user).read(["entry"])
            self.assertNotIn("271828", str(draw.with_user(user).read()))
        self.assertFalse(self.env["srsp.draw.randomness"].search([]))

    def test_numbers_count_in_any_width_with_any_separator(self):
        draw = self._lock()
        self._enter(self.manager, draw, "08 11 19 22 30 05＋０２")
        self._enter(self.policy, draw, "08、11、19、22、30、05、02")
        drawn = bytes.fromhex(draw.iteration_ids.randomness_hex).decode()
        self.assertEqual((draw.state, drawn), ("drawn", "08.11.19.22.30.05.02"))

    @given(
        st.lists(
            st.tuples(
                st.text("0123456789", min_size=1, max_size=9),
                st.sampled_from(WIDTHS),
                st.text(SEPARATORS, min_size=1, max_size=3),
            ),
            min_size=1,
        )
    )
    def test_no_number_is_lost(self, parts):
        typed = "".join(
            number.translate(str.maketrans("0123456789", width)) + separator
            for number, width, separator in parts
        )
        numbers = ".".join(number for number, _width, _separator in parts)
        self.assertEqual(_read_numbers(typed), (numbers, ""))

    def test_what_is_no_number_is_refused_by_name(self):
        draw = self._lock()
        for typed, found in (
            ("红球 08 11 蓝球 02", "红 球 蓝"),
            ("08 11 O2", "O"),
            ("①② 08", "① ②"),
            ("8² 11", "²"),
            ("0\u200b8 11", r"U\+200B"),
        ):
            with self._refused(f"not understood: {found}. Enter its numbers alone"):
                self._enter(self.manager, draw, typed)
        self.assertFalse(draw.entered_by_id)

    def test_an_entry_comes_from_the_right_people_at_the_right_time(self):
        draw = self._lock()
        wizard = self.env["srsp.draw.randomness"]
        vals = {"draw_id": draw.id, "value": "1", "witnesses": "Lin"}
        early = wizard.with_user(self.manager).create(vals)
        with (
            freeze_time(DRAW_AT - timedelta(minutes=1)),
            self._refused(r"2026-03-23 09:30 \(Beijing time\).*cannot happen earlier"),
        ):
            early.action_confirm()
        with self._refused("Enter the lottery result"):
            self._enter(self.manager, draw, "-", "Lin")
        for role in ("inspector", "division_officer", "auditor"):
            user = self._make_user(f"no_{role}", role, self.surveying)
            with self.assertRaises(AccessError):
                wizard.with_user(user).create(vals)
        stranger = self._make_user("stranger", "division_manager", self.minerals)
        with self.assertRaises(AccessError):
            self._enter(stranger, draw, "1")
        other = self._make_announced(name="System")._lock_roster(NOW)
        with self._refused("takes it from another source"):
            self._enter(self.manager, other, "1")

    def test_a_lottery_too_weak_for_the_roster_says_so(self):
        strong = self._lock(lottery_outcomes=2.0**32, name="Strong")
        self.assertNotRegex(strong.randomness_statement, "bits")
        weak = self._lock(lottery_outcomes=17721088, name="Weak")
        self.assertRegex(
            weak._get_commitment()["randomness"]["statement"],
            "has 24.0 bits, every possible selection takes 32",
        )
        self.assertRegex(
            self._lock(name="Unknown").randomness_statement,
            "was not stated; covering every possible selection takes 32 bits",
        )
        with self._refused(
            "enter the lottery and the issue that provide the randomness"
        ):
            self._lock(name="Nameless", lottery=" ")

    def test_the_announcement_of_a_weak_lottery_is_warned_about(self):
        task = self._make_task(
            randomness_kind="lottery",
            lottery="Harbour Three, 8",
            lottery_outcomes=1000,
            draw_at=DRAW_AT,
        )
        with freeze_time(NOW):
            task.with_user(self.manager).action_announce()
        self.assertRegex(task.message_ids[0].body, "has 9.9 bits.*takes 32")
        strong = self._make_task(name="System", draw_at=DRAW_AT)
        with freeze_time(NOW):
            strong.with_user(self.manager).action_announce()
        self.assertNotRegex(" ".join(strong.message_ids.mapped("body")), "bits")
