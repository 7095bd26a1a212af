import contextlib
import copy
import io
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.tests import BaseCase

from ..tools import canonical, certificate, verify_draw, vrs
from .certificate_factory import SEED, make_certificate, reseal
from .test_canonical import NUMBERS


def set_in(value, path, new):
    *steps, last = path
    for step in steps:
        value = value[step]
    value[last] = new


def random_certificate(seed):
    rng = random.Random(seed)
    labels = [f"{rng.choice(['矿', 'é', '🏔', 'a b'])}{number}" for number in range(60)]
    officers = [f"员{number}" for number in range(8)]
    pools = ["division"] * 5 + ["detachment"] * 3
    return make_certificate(
        roster=[(label, rng.choice("ABC")) for label in labels],
        ratios=[(key, rng.choice([0.05, 0.1, 0.3, 1])) for key in "ABC"],
        excluded=[(f"out{number}", "suspended") for number in range(rng.randrange(3))],
        inspectors=[
            (label, pool, rng.randrange(3)) for label, pool in zip(officers, pools)
        ],
        classes=[rng.sample(officers, rng.randrange(2, 9)) for _class in range(3)],
        unavailable=[(0,), (1, 2)],
        entity_of=(lambda label: label[:2]) if seed % 2 else None,
        n=rng.randrange(3, 9),
        secret=rng.randbytes(32),
        randomness=[
            rng.randbytes(length) for length in (8, 32, 100)[: rng.randrange(1, 4)]
        ],
    )


class TestRecomputes(BaseCase):
    def test_what_the_program_drew_recomputes(self):
        for seed in range(60):
            raw = canonical.dumps(random_certificate(seed))
            with self.subTest(seed=seed):
                verify_draw.verify(verify_draw.load(raw))

    def test_layout_escapes_and_unknown_fields_do_not_matter(self):
        made = make_certificate(unavailable=[(0,)])
        made["commitment"]["sequence"] = 6
        made["remark"] = {"nested": [1.5, "😀", None, True, 1e-7]}
        text = json.dumps(reseal(made), indent=2, ensure_ascii=True, sort_keys=False)
        verify_draw.verify(verify_draw.load(text.encode()))

    def test_a_stratum_that_runs_out_gives_what_is_left(self):
        made = make_certificate(
            ratios=[("A", 0.6), ("B", 1)], unavailable=[(0, 1), (2, 3)]
        )
        self.assertEqual(
            [4, 1, 0], [len(each["selected"]) for each in made["iterations"]]
        )
        verify_draw.verify(made)

    def test_later_iterations_may_bring_randomness_of_their_own(self):
        made = make_certificate(unavailable=[(0,)], randomness=[SEED, b"another day"])
        self.assertEqual(b"another day".hex(), made["iterations"][1]["randomness_hex"])
        verify_draw.verify(made)

    def test_it_agrees_with_the_program_piece_by_piece(self):
        for number, _text in NUMBERS:
            self.assertEqual(
                canonical.dumps(number).decode(), verify_draw.canonical(number)
            )
        for size in (0, 1, 119, 120, 121, 10**6):
            for ratio in (0, 0.05, 0.07, 0.3, 1, 2, 1e-7):
                self.assertEqual(
                    certificate.quota(size, ratio), verify_draw.quota(size, ratio)
                )
        for seed in range(20):
            rng = random.Random(seed)
            key, message = rng.randbytes(seed * 5), rng.randbytes(seed * 9)
            self.assertEqual(
                vrs.extract(key, message), verify_draw.hmac_sha256(key)(message)
            )
            value = {
                "x": rng.random() / 10**seed,
                "é\n": [rng.random() * 10 ** (seed % 15), [], {}, "\x01😀"],
            }
            self.assertEqual(
                canonical.dumps(value).decode(), verify_draw.canonical(value)
            )
        rows = [[f"é{number}", "division", number] for number in range(10)]
        self.assertEqual(
            certificate.inspectors_digest(rows), verify_draw.rows_digest("", rows)
        )


class TestNamesTheDifference(BaseCase):
    """Each case is doctored by someone who computes the chain anew, so only the draw can tell."""

    def setUp(self):
        super().setUp()
        self.made = make_certificate(unavailable=[(0,)])

    def assert_difference(self, message, made):
        with self.assertRaises(verify_draw.Difference) as caught:
            verify_draw.verify(verify_draw.load(canonical.dumps(reseal(made))))
        self.assertIn(message, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_value_that_was_replaced(self):
        zero = "0" * 64
        first = self.made["iterations"][0]["selected"][0]
        for path, value, message in (
            (
                "draw.locked_at",
                "2025-03-04T01:00:01Z",
                "draw.locked_at: expected no later",
            ),
            (
                "draw.drawn_at",
                "2025-03-04T00:59:59Z",
                "draw.drawn_at: expected no earlier",
            ),
            (
                "commitment.roster_digest_hex",
                zero,
                "commitment.roster_digest_hex: expected",
            ),
            (
                "commitment.excluded_digest_hex",
                zero,
                "commitment.excluded_digest_hex: expected",
            ),
            (
                "commitment.inspectors_digest_hex",
                zero,
                "commitment.inspectors_digest_hex: exp",
            ),
            (
                "commitment.strata.0.size",
                4,
                "commitment.strata[0].size: expected 3, found 4",
            ),
            (
                "commitment.strata.0.ratio",
                0.9,
                "commitment.strata[0].quota: expected 3, found 2",
            ),
            (
                "commitment.strata.1.quota",
                2,
                "commitment.strata[1].quota: expected 1, found 2",
            ),
            (
                "commitment.strata.1.key",
                "A",
                "commitment.strata[1].size: expected 0, found 2",
            ),
            (
                "commitment.code_hex",
                zero,
                "iterations[0].one_time_code_hex: expected a code",
            ),
            ("commitment.n", 1, "iterations: expected at most 1"),
            ("commitment.team_size", 3, "assignment.team_size: expected 3, found 2"),
            ("iterations.1.number", 3, "iterations[1].number: expected 2, found 3"),
            (
                "iterations.1.one_time_code_hex",
                "00",
                "iterations[1].one_time_code_hex: expected",
            ),
            (
                "iterations.0.randomness_hex",
                "00",
                "iterations[0].selected[0]: expected",
            ),
            ("iterations.0.selected.0.0", "甲-9", f'expected ["{first[0]}", "A", '),
            ("iterations.0.selected.0.2", zero, f'expected ["{first[0]}", "A", '),
            (
                "iterations.1.unavailable.0.0",
                "丙-1",
                "iterations[1].unavailable[0]: expected",
            ),
            (
                "assignment.inspectors.0.2",
                1,
                "commitment.inspectors_digest_hex: expected",
            ),
            (
                "assignment.eligibility.classes.0.0",
                "I9",
                "assignment.eligibility.classes[0]: exp",
            ),
            (
                "assignment.eligibility.classes.0.0",
                "I2",
                "assignment.eligibility.classes[0]: exp",
            ),
            (
                "assignment.eligibility.visits.0.2",
                2,
                "assignment.eligibility.visits[0]: expected",
            ),
            (
                "assignment.eligibility.visits.3.0",
                9,
                "assignment.eligibility.visits[3]: expected",
            ),
            (
                "assignment.eligibility.visits.0.1",
                [],
                "assignment.eligibility.visits[0]: expect",
            ),
            ("assignment.teams.2.2.0", "I9", "assignment.teams[2]: expected [1, ["),
        ):
            made = copy.deepcopy(self.made)
            steps = [int(step) if step.isdigit() else step for step in path.split(".")]
            set_in(made, steps, value)
            with self.subTest(path=path, value=value):
                self.assert_difference(message, made)

    def test_a_roster_that_was_tampered_with(self):
        for rows, message in (
            (self.made["roster"][1:], "commitment.roster_digest_hex"),
            (self.made["roster"][::-1], "roster[1]: expected labels that ascend"),
            (
                self.made["roster"][:1] + self.made["roster"],
                "roster[1]: expected labels that as",
            ),
        ):
            self.assert_difference(message, self.made | {"roster": rows})
        made = self.made | {"excluded": [["甲-1", "sold"]]}
        digest = certificate.excluded_digest(made["excluded"])
        made["commitment"]["excluded_digest_hex"] = digest
        self.assert_difference('expected no label that is excluded, found "甲-1"', made)

    def test_a_stratum_that_is_not_announced(self):
        self.made["commitment"]["strata"].pop()
        self.assert_difference(
            "commitment.strata: expected every stratum of the roster, fo", self.made
        )

    def test_a_selection_with_one_too_few_or_too_many(self):
        selected = self.made["iterations"][0]["selected"]
        dropped = selected.pop()
        self.assert_difference("iterations[0].selected[2]: expected [", self.made)
        selected += [dropped, ["甲-9", "A", "0" * 64]]
        self.assert_difference(
            "iterations[0].selected[3]: expected nothing more, found", self.made
        )

    def test_a_label_that_is_unavailable_before_it_is_drawn_or_twice(self):
        gone = self.made["iterations"][1]["unavailable"]
        gone.append(gone[0])
        self.assert_difference("iterations[1].unavailable[1]: expected", self.made)
        self.made["iterations"][0]["unavailable"] = gone[:1]
        self.assert_difference("iterations[0].unavailable[0]: expected", self.made)

    def test_visits_out_of_order_left_out_or_named_twice(self):
        visits = self.made["assignment"]["eligibility"]["visits"]
        visits[0], visits[1] = visits[1], visits[0]
        self.assert_difference("assignment.eligibility.visits[1]: expected", self.made)
        visits[0], visits[1] = visits[1], [1, [*visits[0][1], *visits[0][1]], 0]
        self.assert_difference("assignment.eligibility.visits[1]: expected", self.made)
        del visits[1]
        self.assert_difference(
            "assignment.eligibility.visits: expected every label", self.made
        )

    def test_a_class_too_small_for_a_team(self):
        self.made["assignment"]["eligibility"]["classes"][1] = ["I1"]
        self.assert_difference(
            "expected a class of at least 2 officers, found 1", self.made
        )

    def test_a_link_that_does_not_fit(self):
        for key, value in (
            ("sequence", 8),
            ("kind", "x"),
            ("previous_hash_hex", "1" * 64),
        ):
            made = self.made | {"chain": self.made["chain"] | {key: value}}
            with self.assertRaisesRegex(
                verify_draw.Difference, "^chain.hash_hex: expected"
            ):
                verify_draw.verify(made)

    def test_no_byte_can_be_changed_unnoticed(self):
        raw = canonical.dumps(self.made)
        unnoticed = []
        for place in range(len(raw)):
            for mask in (0x01, 0x20):
                changed = raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :]
                with contextlib.suppress(verify_draw.BadInput, verify_draw.Difference):
                    verify_draw.verify(verify_draw.load(changed))
                    unnoticed.append(place)
        self.assertEqual([], unnoticed)

    def test_no_field_can_be_dropped_or_given_another_type(self):
        for path, old in list(self._paths(self.made)):
            for value in (None, -1, 1.5, True, "\n", [], [[]], {}):
                if value == old:
                    continue
                made = copy.deepcopy(self.made)
                set_in(made, path, value)
                refused = self.assertRaises(
                    (verify_draw.BadInput, verify_draw.Difference)
                )
                with self.subTest(path=path, value=value), refused:
                    verify_draw.verify(verify_draw.load(canonical.dumps(made)))

    def _paths(self, value, path=()):
        if path:
            yield path, value
        if isinstance(value, (dict, list)):
            for step in value if isinstance(value, dict) else range(len(value)):
                yield from self._paths(value[step], (*path, step))


class TestCommandLine(BaseCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.made = make_certificate(unavailable=[(0,)])

    def run_main(self, raw, *arguments):
        path = self.folder / "certificate.json"
        path.write_bytes(raw)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = verify_draw.main([str(path), *arguments])
        return status, out.getvalue(), err.getvalue()

    def test_one_line_and_status_0_when_everything_recomputes(self):
        line = (
            'draw "DRAW/2025/0001" recomputes: 4 of 5 targets in 2 iteration(s), '
            "4 team(s), chain link 7\n"
        )
        self.assertEqual((0, line, ""), self.run_main(canonical.dumps(self.made)))

    def test_one_line_and_status_1_for_a_difference(self):
        self.made["draw"]["state"] = "x"
        status, out, err = self.run_main(canonical.dumps(self.made))
        self.assertEqual((1, 1, ""), (status, out.count("\n"), err))
        self.assertIn("chain.hash_hex: expected", out)

    def test_one_line_and_status_2_for_bad_input(self):
        good = canonical.dumps(self.made)
        for raw in (
            b"",
            b"\x00\xff\xfe",
            b"null",
            b"[]",
            b'"text"',
            b"{",
            b"{}",
            b'{"format":"srsp-draw-certificate/2"}',
            b'{"format":"srsp-draw-certificate/1"}',
            b"[" * 100000,
            b'{"a":' * 100000,
            b"9" * 5000,
            good[:-1],
            good + b"x",
            b"\xef\xbb\xbf" + good,
            good.replace(b'"n":5', b'"n":NaN'),
            good.replace(b'"n":5', b'"n":5.0'),
            good.replace(b'"n":5', b'"n":true'),
            good.replace(b'"n":5', b'"n":5,"n":5'),
            good.replace(b'"n":5', b'"n":5,"extra":1e999'),
            good.replace(b'"n":5', b'"n":5,"extra":1' + b"0" * 20),
            good.replace(b'"n":5', b'"n":5,"extra":"\\ud800"'),
            good.replace(
                b'"n":5', b'"n":5,"extra":' + b'{"a":' * 700 + b"1" + b"}" * 700
            ),
            good.replace(b'"state":"drawn"', b'"state":"\\ud800"'),
            good.replace(b'"2025-03-03T', b'"2025-02-30T'),
            good.replace(b'"kind":"draw"', b'"kind":"draw","extra":1'),
            canonical.dumps(self.made | {"iterations": []}),
        ):
            with self.subTest(raw=raw[:60]):
                status, out, err = self.run_main(raw)
                self.assertEqual((2, "", 1), (status, out, err.count("\n")))

    def test_a_ticket_tells_what_the_draw_held_for_a_label(self):
        raw = canonical.dumps(self.made)
        first, substitute = (each["selected"][0][0] for each in self.made["iterations"])
        status, out, _err = self.run_main(raw, "--ticket", first)
        self.assertEqual(0, status)
        self.assertRegex(
            out, r'\niteration 1: ".+" at [0-9a-f]{64}, place 1 of 3 in .*: selected\n'
        )
        status, out, _err = self.run_main(raw, "--ticket", substitute)
        self.assertRegex(
            out,
            r"\niteration 1: .* place 3 of 3 .*: not selected\niteration 2: .*: sel",
        )
        status, out, _err = self.run_main(raw, "--ticket", "丙-1")
        self.assertIn('"丙-1" was left out of the roster: "permit cancelled"', out)
        status, out, err = self.run_main(raw, "--ticket", "nobody")
        self.assertEqual(
            (2, "", 'bad input: no label "nobody" in the roster\n'), (status, out, err)
        )

    def test_it_runs_alone_wherever_python_runs(self):
        script = self.folder / "alone.py"
        script.write_bytes(Path(verify_draw.__file__).read_bytes())
        path = self.folder / "certificate.json"
        made = self.made
        made["iterations"][0]["selected"][0][0] = "不同的对象"
        for content, status in ((make_certificate(), 0), (made, 1), ({}, 2)):
            path.write_bytes(canonical.dumps(content))
            done = subprocess.run(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(script),
                    str(path),
                    "--ticket",
                    "甲-1",
                ],
                capture_output=True,
                env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
                check=False,
            )
            self.assertEqual(status, done.returncode, done.stderr)
            self.assertNotIn(b"Traceback", done.stderr)

    def test_a_file_that_is_not_there_is_bad_input(self):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            status = verify_draw.main([str(self.folder / "missing.json")])
        self.assertEqual((2, 1), (status, err.getvalue().count("\n")))
