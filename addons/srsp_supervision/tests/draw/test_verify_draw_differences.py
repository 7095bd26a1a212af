import contextlib
import copy
import json

from odoo.tests import BaseCase

from ...tools import canonical, certificate, verify_draw
from .certificate_factory import ROSTER, make_certificate, reseal

ZERO = "0" * 64
# The field, its false value as JSON, and how the first difference begins.
REPLACED = f"""
draw.locked_at | "2025-03-04T01:00:01Z" | draw.locked_at: expected no later than 2025-
draw.drawn_at | "2025-03-04T00:59:59Z" | draw.drawn_at: expected no earlier than 2025-
draw.drawn_at | null | draw.drawn_at: expected a time just if there is an iteration
iterations | [] | draw.drawn_at: expected a time just if there is an iteration
commitment.roster_digest_hex | "{ZERO}" | commitment.roster_digest_hex: expected "
commitment.excluded_digest_hex | "{ZERO}" | commitment.excluded_digest_hex: expected "
commitment.inspectors_digest_hex | "{ZERO}" | commitment.inspectors_digest_hex: expected "
commitment.strata.0.size | 4 | commitment.strata[0].size: expected 5, found 4
commitment.strata.0.ratio | 0.9 | commitment.strata[0].quota: expected 5, found 2
commitment.strata.1.quota | 2 | commitment.strata[1].quota: expected 1, found 2
commitment.strata.1.key | "A" | commitment.strata[1].size: expected 0, found 2
commitment.code_hex | "{ZERO}" | iterations[0].one_time_code_hex: expected a code
commitment.n | 1 | iterations: expected at most 1, the length of the chain, found 2
commitment.eligibility_root_hex | "{ZERO}" | commitment.eligibility_root_hex: expected "
commitment.randomness.bits_needed | 4 | commitment.randomness.bits_needed: expected 5, found 4
commitment.randomness.bits_needed | 6 | commitment.randomness.bits_needed: expected 5, found 6
commitment.randomness.source | "drand" | iterations[0].signature_hex: expected a signature whose
commitment.team_size | 4 | assignment.teams: expected a team for every visit of iteration 1
commitment.team_size | 1 | assignment.teams[0]: expected [1, ["
commitment.experts | 1 | assignment.teams: expected a team for every visit of iteration 1
commitment.officer_cap | 0 | assignment.teams: expected a team for every visit of iteration 1
commitment.units | [] | assignment.inspectors[0]: expected division just
commitment.units | ["矿产处", "执法支队"] | assignment.inspectors[2]: expected division just
iterations.1.number | 3 | iterations[1].number: expected 2, found 3
iterations.1.one_time_code_hex | "00" | iterations[1].one_time_code_hex: expected a code
iterations.0.kind | "extension" | iterations[0].kind: expected draw for the first
iterations.1.kind | "draw" | iterations[1].kind: expected draw for the first
iterations.1.kind | "extension" | iterations[1].unavailable: expected nothing in this kind, extension
iterations.0.reason | "why" | iterations[0].reason: expected no reason for the first
iterations.1.reason | "" | iterations[1].reason: expected no reason for the first
iterations.1.places | [["A", 1]] | iterations[1].places: expected nothing in this kind, sub
iterations.0.withdrawn | [["I1", "ill", []]] | iterations[0].withdrawn: expected nothing in this kind, draw
iterations.0.signature_hex | "00" | iterations[0].signature_hex: expected "", found "00"
iterations.2.places.0.0 | "C" | iterations[2].places[0]: expected a stratum of the draw
iterations.2.places.0.1 | 2 | iterations[2].selected: expected 2 entries, found 1
iterations.3.withdrawn.0.0 | "I9" | iterations[3].withdrawn[0]: expected an inspector
iterations.3.withdrawn.0.0 | "I4" | iterations[3].withdrawn[0]: expected visits of that
iterations.3.withdrawn.0.2.0 | "甲-9" | iterations[3].withdrawn[0]: expected visits of that
iterations.0.randomness_hex | "00" | iterations[1].randomness_hex: expected "00"
iterations.0.selected.0.0 | "甲-9" | iterations[0].selected[0]: expected ["甲-
iterations.0.selected.1.1 | "B" | iterations[0].selected[1]: expected ["甲-
iterations.0.selected.2.2 | "{ZERO}" | iterations[0].selected[2]: expected ["乙-
iterations.1.unavailable.0.0 | "丙-1" | iterations[1].unavailable[0]: expected a label
assignment.inspectors.0.3 | 1 | commitment.inspectors_digest_hex: expected "
assignment.inspectors.0.2 | "处" | commitment.inspectors_digest_hex: expected "
assignment.inspectors.0.1 | "detachment" | commitment.inspectors_digest_hex: expected "
assignment.eligibility.classes.0 | "1f" | assignment.eligibility.classes[0]: expected inspectors
assignment.eligibility.classes.0 | "3" | commitment.eligibility_root_hex: expected "
assignment.eligibility.openings.0.0 | "甲-9" | assignment.eligibility.openings[0]: expected "
assignment.eligibility.openings.0.1 | 2 | assignment.eligibility.openings[0]: expected an index
assignment.eligibility.openings.0.2 | "{ZERO}" | commitment.eligibility_root_hex: expected "
assignment.eligibility.siblings | [] | assignment.eligibility.siblings: expected as many hashes
assignment.eligibility.siblings | ["{ZERO}", "{ZERO}", "{ZERO}"] | assignment.eligibility.siblings: expected as
assignment.eligibility.siblings | ["{ZERO}", "{ZERO}"] | commitment.eligibility_root_hex: expected "
assignment.visits.3.0 | 9 | assignment.visits[3]: expected an iteration of the draw
assignment.visits.3.0 | 1 | assignment.visits[3]: expected labels
assignment.visits.0.1 | [] | assignment.visits[0]: expected labels
assignment.visits.5.1 | ["甲-9"] | assignment.visits[5]: expected ["
assignment.teams.2.2.0 | "I9" | assignment.teams[2]: expected [1, ["
assignment.teams.2.3 | ["I4"] | assignment.teams[2]: expected [1, ["
assignment.teams.2.4 | ["detachment", "x"] | assignment.teams[2]: expected [1, ["
"""


def set_in(value, path, new):
    """Replace what a dotted path leads to."""
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in steps:
        value = value[step]
    value[last] = new


class TestNamesTheDifference(BaseCase):
    """Each case is doctored by someone who computes the chain anew, so only the draw can tell."""

    def setUp(self):
        super().setUp()
        self.made = make_certificate(
            roster=(*ROSTER, ("丁-1", "A"), ("丁-2", "A")),
            ratios=[("A", 0.4), ("B", 0.05)],
            later=[
                ("substitution", (0,)),
                ("extension", [["A", 1]]),
                ("withdrawal", lambda teams: [["I1", "ill", [teams[-1][1][0]]]]),
            ],
            class_of=lambda _label: 0,
        )

    def assert_difference(self, message, made):
        with self.assertRaises(verify_draw.Difference) as caught:
            verify_draw.verify(verify_draw.load(canonical.dumps(reseal(made))))
        self.assertIn(message, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_value_that_was_replaced(self):
        for line in REPLACED.strip().splitlines():
            path, value, message = line.split(" | ")
            made = copy.deepcopy(self.made)
            set_in(made, path, json.loads(value))
            with self.subTest(line=line):
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
        digest = certificate.digest(made["excluded"])
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
        self.assert_difference(
            "iterations[0].selected: expected 3 entries, found 2", self.made
        )
        selected += [dropped, ["甲-9", "A", "0" * 64]]
        self.assert_difference(
            "iterations[0].selected: expected 3 entries, found 4", self.made
        )

    def test_a_label_that_is_unavailable_before_it_is_drawn_or_twice(self):
        gone = self.made["iterations"][1]["unavailable"]
        gone.append(gone[0])
        self.assert_difference("iterations[1].unavailable[1]: expected", self.made)
        gone[:] = [[self.made["iterations"][2]["selected"][0][0], "closed"]]
        self.assert_difference("iterations[1].unavailable[0]: expected", self.made)

    def test_visits_out_of_order_left_out_or_named_twice(self):
        visits = self.made["assignment"]["visits"]
        visits[0], visits[1] = visits[1], visits[0]
        self.assert_difference("assignment.visits[1]: expected", self.made)
        visits[0], visits[1] = visits[1], [1, [*visits[0][1], *visits[0][1]]]
        self.assert_difference("assignment.visits[1]: expected", self.made)
        del visits[1]
        self.assert_difference("assignment.visits: expected every label", self.made)

    def test_labels_of_one_visit_out_of_order(self):
        made = make_certificate(
            ratios=[("A", 1), ("B", 1)], entity_of=lambda label: "one"
        )
        labels = made["assignment"]["visits"][0][1]
        labels[1:] = labels[:0:-1]
        self.assert_difference("assignment.visits[0]: expected", made)

    def test_a_withdrawal_with_a_visit_too_few_or_too_many(self):
        visits = self.made["assignment"]["visits"]
        self.assertEqual(4, visits[-1][0])
        last = visits.pop()
        self.assert_difference(
            "assignment.visits: expected 1 entries, found 0", self.made
        )
        visits += [last, [4, visits[0][1]]]
        self.assert_difference(
            "assignment.visits: expected 1 entries, found 2", self.made
        )

    def test_a_signature_that_is_not_of_the_randomness(self):
        made = make_certificate(signature=b"of the round")
        verify_draw.verify(made)
        made["iterations"][0]["signature_hex"] = b"of another".hex()
        self.assert_difference(
            "iterations[0].signature_hex: expected a signature", made
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

    def _paths(self, value, path=""):
        if path:
            yield path, value
        if isinstance(value, (dict, list)):
            for step in value if isinstance(value, dict) else range(len(value)):
                yield from self._paths(value[step], f"{path}.{step}".lstrip("."))
