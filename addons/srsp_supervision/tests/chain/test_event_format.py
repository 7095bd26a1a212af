"""What was sealed in one version, compared in another: keys that were added, are gone or mean something else."""

from datetime import date

from odoo.tests import TransactionCase, tagged

from ...tools.json_diff import restrict
from .chain_case import ChainCase


@tagged("post_install", "-at_install")
class TestEventFormat(ChainCase):
    def setUp(self):
        super().setUp()
        self.rulebook = self._publish("First", date(2099, 1, 1))

    def _publish(self, name, day):
        vals = {"name": name, "effective_date": day, "company_id": self.company.id}
        rulebook = self.env["srsp.rulebook"].create(vals)
        rulebook._publish()
        return rulebook

    def _patch(self, **attributes):
        """Let rulebooks seal something else, as another version does."""
        for name, value in attributes.items():
            self.patch(self.registry["srsp.rulebook"], name, value)

    def _get_outcome(self):
        check = self._check()
        return check.state, check.report, check.notes

    def test_every_event_of_the_demonstration_says_its_format(self):
        self.env.cr.execute(
            "SELECT DISTINCT kind FROM srsp_event WHERE NOT payload::jsonb ? 'format' AND kind !~ '^records[.]'"
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_a_key_that_is_added_breaks_no_older_event_and_is_sealed_from_now_on(self):
        prepare = type(self.rulebook)._prepare_seal
        self._patch(
            _prepare_seal=lambda one: {**prepare(one), "uid": one.create_uid.id}
        )
        self.assertEqual(self._get_outcome(), ("sound", "", ""))
        later = self._publish("Second", date(2099, 2, 1))
        self.assertEqual(self._get_outcome(), ("sound", "", ""))
        number = self._find_event("rulebook.published", later).sequence
        self._sql(
            "UPDATE srsp_rulebook SET create_uid = %(uid)s WHERE id IN %(ids)s",
            uid=self.env.ref("base.user_admin").id,
            ids=(self.rulebook.id, later.id),
        )
        self._assert_found(
            number,
            r"^Rulebook Second .* is not what event \d+ sealed: uid was 1 and is now 2",
        )

    def test_a_key_that_is_gone_is_named_and_the_others_are_compared(self):
        prepare = type(self.rulebook)._prepare_seal

        def prepare_less(one):
            values = prepare(one)
            del values["floor_ratio"]
            return values

        self._patch(_prepare_seal=prepare_less)
        note = "“floor_ratio” of Rulebook was sealed (events: 1), but no installed addon knows it: it was not compared."
        self.assertEqual(self._get_outcome(), ("sound", "", note))
        number = self._find_event("rulebook.published", self.rulebook).sequence
        self._sql(
            "UPDATE srsp_rulebook SET officer_cap = 99 WHERE id = %(id)s",
            id=self.rulebook.id,
        )
        self._assert_found(number, "sealed: officer_cap was")

    def test_a_key_that_means_something_else_has_another_format(self):
        prepare = type(self.rulebook)._prepare_seal

        def prepare_percent(one):
            return {**prepare(one), "floor_ratio": 100 * one.floor_ratio}

        self._patch(_seal_format=2, _prepare_seal=prepare_percent)
        number = self._find_event("rulebook.published", self.rulebook).sequence
        self._assert_found(number, "Format 1, not known here")
        model = self.registry["srsp.rulebook"]
        model._prepare_seal_1 = prepare
        self.addCleanup(delattr, model, "_prepare_seal_1")
        self._publish("Second", date(2099, 2, 1))
        self.assertEqual(self._get_outcome(), ("sound", "", ""))
        self._sql(
            "UPDATE srsp_rulebook SET floor_ratio = 0.01 WHERE id = %(id)s",
            id=self.rulebook.id,
        )
        self._assert_found(number, "sealed: floor_ratio was")

    def test_events_about_a_model_that_is_gone_are_counted(self):
        payload = {"format": 1, "record": {}}
        event = self.env["srsp.event"]._seal(
            self.rulebook, "rulebook.published", payload
        )
        self._sql(
            "UPDATE srsp_event SET res_model = 'bureau.sample' WHERE id = %(id)s",
            id=event.id,
        )
        self.assertEqual(
            self._get_outcome(),
            (
                "sound",
                "",
                "Records of bureau.sample were sealed (events: 1), but their addon is no longer installed: there are "
                "no records to compare.",
            ),
        )


class TestRestrict(TransactionCase):
    def test_both_keep_what_both_know_and_lists_their_lengths(self):
        for sealed, live, expected in (
            ({"a": 1}, {"a": 2, "b": 3}, ({"a": 1}, {"a": 2}, [])),
            ({"a": 1, "b": 2}, {"a": 1}, ({"a": 1}, {"a": 1}, ["b"])),
            (
                {"rows": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]},
                {"rows": [{"x": 1, "z": 5}, {"x": 3, "z": 5}]},
                (
                    {"rows": [{"x": 1}, {"x": 2}]},
                    {"rows": [{"x": 1}, {"x": 3}]},
                    ["rows.y"],
                ),
            ),
            ([1, 2], [1], ([1, 2], [1], [])),
            ([1], [1, {"a": 2}], ([1], [1, {"a": 2}], [])),
            ({"a": {"b": 1}}, {"a": []}, ({"a": {"b": 1}}, {"a": []}, [])),
        ):
            with self.subTest(sealed=sealed, live=live):
                self.assertEqual(restrict(sealed, live), expected)
