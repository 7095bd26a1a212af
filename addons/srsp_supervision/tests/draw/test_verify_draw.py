import contextlib
import io
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from odoo.tests import BaseCase

from ...tools import assignment, canonical, certificate, verify_draw, vrs
from ..chain.test_canonical import NUMBERS
from .certificate_factory import make_certificate, reseal


def random_certificate(seed):
    rng = random.Random(seed)
    labels = [f"{rng.choice(['矿', 'é', '🏔', 'a b'])}{number}" for number in range(60)]
    units = ["甲处", "乙处"][: seed % 3]
    inspectors = []
    for number in range(12):
        pool = rng.choice(["division"] * 3 + ["detachment"] * 2 + ["expert"])
        if pool == "division" and not units:
            pool = "detachment"
        unit = rng.choice(units) if pool == "division" else "支队"
        inspectors.append((f"员{number}", pool, unit, rng.randrange(3)))
    officers = [row[0] for row in inspectors]
    later = [
        ("substitution", (0,)),
        ("extension", [["A", 2], ["B", 1]]),
        ("withdrawal", lambda teams: withdrawn(rng, teams)),
        ("substitution", (1, 2)),
    ]
    rng.shuffle(later)
    return make_certificate(
        roster=[(label, rng.choice("ABC")) for label in labels],
        ratios=[(key, rng.choice([0.05, 0.1, 0.3, 1])) for key in "ABC"],
        excluded=[(f"out{number}", "suspended") for number in range(rng.randrange(3))],
        inspectors=inspectors,
        classes=[rng.sample(officers, rng.randrange(6, 13)) for _class in range(3)],
        later=later,
        units=units,
        team_size=1 + seed % 2,
        experts=seed % 5 // 4,
        cap=rng.choice([None, 6, 8, 10, 20]),
        entity_of=(lambda label: label[:2]) if seed % 2 else None,
        n=rng.randrange(5, 9),
        secret=rng.randbytes(32),
        randomness=rng.randbytes(rng.choice((8, 32, 100))),
        signature=rng.choice([None, b"a signature"]),
    )


def withdrawn(rng, teams):
    """Somebody leaves some of the visits that are theirs now."""
    now = {row[1][0]: row[2] + row[3] for row in teams}
    name = rng.choice(sorted({name for team in now.values() for name in team}))
    labels = [label for label, team in now.items() if name in team]
    return [[name, "ill", rng.sample(labels, rng.randrange(1, len(labels) + 1))]]


class TestRecomputes(BaseCase):
    def test_what_the_program_drew_recomputes(self):
        kinds = Counter()
        for seed in range(120):
            try:
                made = random_certificate(seed)
            except assignment.Shortage:
                continue
            kinds.update(each["kind"] for each in made["iterations"])
            with self.subTest(seed=seed):
                verify_draw.verify(verify_draw.load(canonical.dumps(made)))
        self.assertEqual(
            set(kinds), {"draw", "substitution", "extension", "withdrawal"}
        )
        self.assertGreater(kinds["draw"], 40)

    def test_layout_escapes_and_unknown_fields_do_not_matter(self):
        made = make_certificate(later=[("substitution", (0,))])
        made["commitment"]["sequence"] = 6
        made["remark"] = {"nested": [1.5, "😀", None, True, 1e-7]}
        text = json.dumps(reseal(made), indent=2, ensure_ascii=True, sort_keys=False)
        verify_draw.verify(verify_draw.load(text.encode()))

    def test_a_draw_that_was_voided_before_it_happened_recomputes(self):
        made = make_certificate()
        made["draw"] |= {"state": "voided", "drawn_at": None}
        made["iterations"].clear()
        shown = made["assignment"]["eligibility"]
        with self.assertRaisesRegex(verify_draw.Difference, r"openings: expected 0"):
            verify_draw.verify(reseal(made))
        root = made["commitment"]["eligibility_root_hex"]
        shown |= {"openings": [], "siblings": [root]}
        with self.assertRaisesRegex(verify_draw.Difference, r"visits\[0\]: expected"):
            verify_draw.verify(reseal(made))
        made["assignment"] |= {"visits": [], "teams": []}
        verify_draw.verify(verify_draw.load(canonical.dumps(reseal(made))))
        self.assertIn("has drawn nothing", verify_draw.summary(made))

    def test_a_stratum_that_runs_out_gives_what_is_left(self):
        made = make_certificate(
            ratios=[("A", 0.6), ("B", 1)],
            later=[("substitution", (0, 1)), ("substitution", (2, 3))],
        )
        self.assertEqual(
            [4, 1, 0], [len(each["selected"]) for each in made["iterations"]]
        )
        verify_draw.verify(made)

    def test_a_substitution_with_randomness_of_its_own_is_refused(self):
        """Otherwise whoever substitutes could try values until a target suits."""
        made = make_certificate(later=[("substitution", (0,))])
        made["iterations"][1]["randomness_hex"] = b"another day".hex()
        with self.assertRaisesRegex(
            verify_draw.Difference, r"^iterations\[1\]\.randomness_hex: expected"
        ):
            verify_draw.verify(reseal(made))

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
        for size in range(1, 300):
            strata = [{"size": size, "quota": size // 3}, {"size": 7, "quota": 7}]
            bits = verify_draw.bits_needed(strata)
            self.assertAlmostEqual(
                bits, certificate.bits_needed(strata) - 0.5, delta=0.51
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
        rows = [[f"é{number}", "division", "处", number] for number in range(10)]
        self.assertEqual(
            certificate.inspectors_digest(rows), verify_draw.rows_digest("", rows)
        )


class TestCommandLine(BaseCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.made = make_certificate(later=[("substitution", (0,))])

    def run_main(self, raw, *arguments):
        path = self.folder / "certificate.json"
        path.write_bytes(raw)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = verify_draw.main([str(path), *arguments])
        return status, out.getvalue(), err.getvalue()

    def test_one_line_and_status_0_when_everything_recomputes(self):
        line = 'draw "DRAW/2025/0001" recomputes: 4 of 5 targets in 2 iteration(s), 4 team(s), chain link 7\n'
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
            b'{"format":"srsp-draw-certificate/3"}',
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
        ):
            with self.subTest(raw=raw[:60]):
                status, out, err = self.run_main(raw)
                self.assertEqual((2, "", 1), (status, out, err.count("\n")))

    def test_a_number_that_json_does_not_know_is_refused_before_anything_is_checked(
        self,
    ):
        raw = canonical.dumps(self.made).replace(b'"n":5', b'"n":5,"extra":NaN')
        with self.assertRaises(verify_draw.BadInput):
            verify_draw.load(raw)

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

    def test_a_ticket_of_an_extension_shows_the_first_order_and_a_withdrawal_has_none(
        self,
    ):
        leave = ("withdrawal", lambda teams: withdrawn(random.Random(1), teams))
        made = make_certificate(
            later=[("extension", [["A", 1]]), leave], class_of=lambda _label: 0
        )
        label = made["iterations"][1]["selected"][0][0]
        status, out, _err = self.run_main(canonical.dumps(made), "--ticket", label)
        self.assertEqual(0, status)
        self.assertRegex(
            out,
            r"\niteration 1: (.* place 3 of 3 .*: )not selected\niteration 2: \1selected"
            r"\niteration 3: a withdrawal selects nothing\n",
        )

    def test_a_file_that_is_not_there_is_bad_input(self):
        with contextlib.redirect_stderr(io.StringIO()) as err:
            status = verify_draw.main([str(self.folder / "missing.json")])
        self.assertEqual((2, 1), (status, err.getvalue().count("\n")))
