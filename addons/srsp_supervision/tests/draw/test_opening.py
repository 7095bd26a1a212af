"""What a certificate tells a competitor, and what the company itself is told on request."""

import base64
import contextlib
import io
import json
import tempfile
from datetime import date
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...tools import canonical, verify_draw
from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestOpening(SrspCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._make_user("policy", "policy_officer")
        cls.manager = cls._make_user("manager", "division_manager", cls.surveying)
        visit = cls._make_drawn().inspection_ids[0]
        finding = {"result": "N", "facts": "Forged", "measure": "enforce"}
        visit.line_ids.write(finding)
        visit._close(date(2026, 2, 1))
        cls.culprit = visit.line_ids.target_id
        others = cls.targets - cls.culprit
        cls.risky, cls.idle = others[:10], others[10]
        cls.risky.risk_class = "D"
        cls.idle.write({"state": "suspended", "state_reason": "Renovation"})
        cls.draw = cls._make_drawn(stratify_by="risk_class").draw_id

    def test_a_competitor_learns_neither_a_risk_class_nor_an_open_case(self):
        self.draw._extend({"D": 1}, "One more", DRAW_AT)
        made = self.draw._get_certificate()
        self.assertEqual(made["format"], "srsp-draw-certificate/2")
        label = self.draw.stratum_labels["D"]
        self.assertEqual(sorted(self.draw.stratum_labels.values()), ["1", "2"])
        self.assertEqual(
            [one["key"] for one in made["commitment"]["strata"]], ["1", "2"]
        )
        self.assertEqual(
            {code for code, stratum in made["roster"] if stratum == label},
            set(self.risky.mapped("code")),
        )
        self.assertEqual(made["iterations"][1]["places"], [[label, 1]])
        self.assertEqual(
            [code for code, _digest in made["excluded"]],
            sorted((self.culprit | self.idle).mapped("code")),
        )
        texts = canonical.dumps(made).decode()
        for word in ('"D"', '"B"', "external_case", "suspended"):
            self.assertNotIn(word, texts)
        self.assertEqual(self.draw._find_difference(), "")
        self.assertFalse(self._find_broken())

    def test_equal_values_do_not_show_as_equal(self):
        self.targets[60:70].write({"state": "suspended", "state_reason": "Renovation"})
        first, second = (
            dict(self._make_announced()._lock_roster(NOW)._stream_public_excluded())
            for _number in range(2)
        )
        self.assertEqual(len({*first.values(), *second.values()}), 2 * len(first))

    def test_what_is_opened_to_a_company_is_checked_by_anybody(self):
        for target, line in (
            (self.culprit, 'is opened: excluded "external_case"'),
            (self.risky[0], 'is opened: stratum "D"'),
        ):
            opening = self._open(target)
            status, out = self._check(opening)
            self.assertEqual(status, 0)
            self.assertIn(f'"{target.code}" {line}', out)
            for name, value in (
                ("value", "suspended"),
                ("label", self.idle.code),
                ("salt_hex", "00" * 32),
            ):
                status, out = self._check({**opening, name: value})
                self.assertEqual(status, 1, name)
                self.assertIn("opening of", out)
            self.assertEqual(self._check({**opening, "draw": "another"})[0], 2)
        sealed = self.env["srsp.event"].search(
            [("res_id", "=", self.draw.id), ("kind", "=", "draw.opened")]
        )
        self.assertEqual(
            [json.loads(event.payload) for event in sealed.sorted("sequence")],
            [
                {
                    "format": 1,
                    "label": self.culprit.code,
                    "kind": "excluded",
                    "by": self.policy.login,
                },
                {
                    "format": 1,
                    "label": self.risky[0].code,
                    "kind": "stratum",
                    "by": self.policy.login,
                },
            ],
        )
        self.assertFalse(self._find_broken())

    def test_the_policy_division_alone_opens_and_only_what_is_hidden(self):
        line = self._find_line(self.culprit)
        with self._refused("reserved for", AccessError):
            line.with_user(self.manager).action_open_to_company()
        flat = self._make_announced()._lock_roster(NOW)
        with self._refused("hides nothing about it", UserError):
            self._roster(flat).filtered(lambda one: not one.excluded_reason)[
                0
            ].with_user(self.policy).action_open_to_company()

    def _find_line(self, target):
        return self._roster(self.draw).filtered(lambda line: line.target_id == target)

    def _open(self, target):
        action = self._find_line(target).with_user(self.policy).action_open_to_company()
        wizard = self.env["srsp.draw.opening"].with_user(self.policy)
        return json.loads(base64.b64decode(wizard.browse(action["res_id"]).file))

    def _check(self, opening):
        """Exit status and output of the verifier."""
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "certificate.json"), Path(folder, "opening.json")
            files[0].write_bytes(self.draw._dump_certificate())
            files[1].write_text(json.dumps(opening))
            arguments = [str(files[0]), "--opening", str(files[1])]
            with (
                contextlib.redirect_stdout(io.StringIO()) as out,
                contextlib.redirect_stderr(io.StringIO()),
            ):
                status = verify_draw.main(arguments)
        return status, out.getvalue()
