from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ...tools import vrs
from ..common import DRAW_AT, NOW, SrspCase


@tagged("post_install", "-at_install")
class TestLock(SrspCase):
    def _strata(self, draw):
        return {stratum["key"]: stratum["size"] for stratum in draw.strata}

    def test_strata_may_combine_class_key_mark_and_region(self):
        gulou = self._make_region("Gulou /  East")
        self.targets[:10].write({"risk_class": "D", "region_id": gulou.id})
        self.targets[10:12].write({"is_key": True, "key_reason": "Listed"})
        draw = self._make_announced(stratify_by="risk_class+key+region")._lock_roster(
            NOW
        )
        self.assertEqual(
            self._strata(draw),
            {
                "B/key/none": 2,
                "B/ordinary/none": 107,
                "D/ordinary/Gulou / East": 10,
            },
        )
        self.assertEqual(
            draw._get_stratum_name("D/ordinary/Gulou / East"),
            "D · Ordinary targets · Gulou / East",
        )
        self.assertEqual(
            [stratum["ratio"] for stratum in draw.strata], [0.1, 0.05, 0.5]
        )

    def test_a_ratio_of_a_stratum_is_published_with_its_reason(self):
        self.targets[:10].risk_class = "D"
        own = [(0, 0, {"key": "D", "ratio": 1.0, "reason": "All\nof them"})]
        task = self._make_announced(stratify_by="risk_class", stratum_ids=own)
        self.assertEqual(
            task._lock_roster(NOW).strata[1],
            {
                "key": "D",
                "size": 10,
                "ratio": 1.0,
                "quota": 10,
                "reason": "All of them",
            },
        )
        other = self._make_announced(stratum_ids=own)
        with self._refused("no target is in stratum D"):
            other._lock_roster(NOW)

    def test_own_ratios_belong_to_those_who_may_write_the_task_until_it_is_announced(
        self,
    ):
        task = self._make_task()
        officer = self._make_user("officer", "division_officer", self.surveying)
        stranger = self._make_user("stranger", "division_officer", self.minerals)
        strata = self.env["srsp.task.stratum"]
        values = {"task_id": task.id, "key": "all", "ratio": 0.2, "reason": "More"}
        with self.assertRaises(AccessError):
            strata.with_user(stranger).create(values)
        own = strata.with_user(officer).create(values)
        task.announced_on = NOW
        for attempt in (
            lambda: own.write({"ratio": 0.3}),
            lambda: own.unlink(),
            lambda: strata.with_user(officer).create({**values, "key": "other"}),
        ):
            with self._refused("has been announced"):
                attempt()

    def test_who_was_inspected_lately_or_has_an_open_case_is_left_out(self):
        self.rulebook.interval_days = 30
        visits = self._make_drawn().inspection_ids
        visits.line_ids.result = "1"
        recent, old, case = visits[:3]
        case.line_ids.write({"result": "N", "facts": "Forged", "measure": "enforce"})
        recent._close(date(2026, 3, 15))
        old._close(date(2026, 2, 1))
        case._close(date(2026, 2, 1))
        draw = self._make_announced()._lock_roster(NOW)
        excluded = {
            case.line_ids.target_id.code: "external_case",
            recent.line_ids.target_id.code: "interval",
        }
        self.assertEqual(dict(draw._query_excluded()), excluded)
        self.rulebook.write({"interval_days": 0, "case_days": 0})
        draw = self._make_announced()._lock_roster(NOW)
        self.assertFalse(dict(draw._query_excluded()))

    def test_inspectors_serve_their_regions_and_sectors(self):
        city = self._make_region("City")
        east, west = (self._make_region(name, city) for name in ("East", "West"))
        self.officers[0].region_ids = east
        self.officers[1].region_ids = west
        self.officers[2].sector_ids = self.mining
        self.targets[0].region_id = east
        self.targets[1].region_id = self._make_region("Elsewhere")
        self.targets[2].entity_id.region_id = east
        self.env["srsp.recusal"].create(
            {
                "inspector_id": self.officers[3].id,
                "entity_id": self.targets[2].entity_id.id,
                "reason": "Sister",
                "date_from": date(2026, 1, 1),
            }
        )
        draw = self._make_announced()._lock_roster(NOW)
        labels = [row[0] for row in draw.inspectors]
        self.assertEqual(labels, ["SV-01", "SV-02", "SV-04", "SV-05"])
        found = dict(draw._stream_leaves())
        self.assertEqual(
            [found[target.code] for target in self.targets[:4]],
            ["d", "c", "b", "f"],
        )

    def test_officers_at_their_cap_stop_the_lock(self):
        self.rulebook.officer_cap = 2
        task = self._make_announced(ratio=0.06)
        with self._refused("8 visits take 16 places.*have capacity for 10"):
            task._lock_roster(NOW)
        task.ratio = 0.03
        task.ratio_reason = "Too few officers"
        draw = task._lock_roster(NOW)
        draw._draw(DRAW_AT)
        self.assertEqual(draw._find_difference(), "")
        self.assertEqual(
            sorted(self.officers._get_loads(2026).values()), [1, 1, 2, 2, 2]
        )
        again = self._make_announced()
        with self._refused("6 visits take 12 places.*have capacity for 2"):
            again._lock_roster(NOW)

    def test_experts_join_and_never_count(self):
        expert = self._make_inspector(
            "EX-01", pool_kind="expert", certificate_number=False,
            certificate_valid_until=False, division_id=self.minerals.id,
        )  # fmt: skip
        task = self._make_drawn(experts=1)
        self.assertEqual(set(task.inspection_ids.mapped("expert_ids")), {expert})
        self.assertEqual({len(visit.officer_ids) for visit in task.inspection_ids}, {2})
        self.assertEqual(task.draw_id._find_difference(), "")
        self.assertEqual(expert._get_loads(2026), {expert.id: 6})
        with self._refused("1 experts can join, a team needs 2"):
            self._make_announced(experts=2)._lock_roster(NOW)


@tagged("post_install", "-at_install")
class TestChange(SrspCase):
    """What may happen after a draw; each is a sealed iteration of its own."""

    def _kinds(self, draw):
        events = self.env["srsp.event"].search(
            [("res_model", "=", draw._name), ("res_id", "=", draw.id)]
        )
        return events.sorted("sequence").mapped("kind")

    def test_an_extension_goes_on_in_the_order_of_the_first_draw(self):
        task = self._make_drawn()
        draw = task.draw_id
        first = draw._get_certificate()["iterations"][0]
        draw._extend({"all": 4}, "Pilot\nenlarged", DRAW_AT)
        second = draw._get_certificate()["iterations"][1]
        prk = draw.iteration_ids[0]._get_key()
        order = vrs.lowest(prk, [target.code.encode() for target in self.targets], 10)
        expected = [
            [label.decode(), "all", position.hex()] for position, label in order
        ]
        self.assertEqual(first["selected"] + second["selected"], expected)
        self.assertEqual(
            (second["kind"], second["places"]), ("extension", [["all", 4]])
        )
        self.assertEqual(second["reason"], "Pilot enlarged")
        self.assertEqual(len(task.inspection_ids), 10)
        self.assertEqual(
            sorted(visit.number[-3:] for visit in task.inspection_ids),
            [f"{number:03d}" for number in range(1, 11)],
        )
        self.assertEqual(draw._find_difference(), "")
        self.assertEqual(
            self._kinds(draw),
            ["draw.identified", "draw.committed", "draw.drawn", "draw.extended"],
        )
        with self._refused("has 109 targets that were not drawn"):
            draw._extend({"all": 110}, "Everybody")

    def test_others_take_over_from_whoever_withdraws(self):
        task = self._make_drawn(ratio=0.1)
        draw, officer = task.draw_id, self.officers[0]
        begun, *ahead = task.inspection_ids.filtered(
            lambda visit: officer in visit.officer_ids
        )
        self.assertTrue(ahead)
        begun.stage = "on_site"
        before = {visit: visit.officer_ids for visit in task.inspection_ids}
        draw._withdraw(officer, "Ill", DRAW_AT)
        for visit, team in before.items():
            if visit in ahead:
                self.assertNotIn(officer, visit.officer_ids)
                self.assertLess(team - officer, visit.officer_ids)
                self.assertEqual(len(visit.officer_ids), 2)
            else:
                self.assertEqual(visit.officer_ids, team)
        self.assertEqual(draw._find_difference(), "")
        [row] = draw._get_certificate()["iterations"][1]["withdrawn"]
        codes = {visit.line_ids.target_id.code for visit in ahead}
        self.assertEqual((row[:2], set(row[2])), (["SV-01", "Ill"], codes))
        with self._refused("takes no part in it, or no longer"):
            draw._withdraw(officer, "Again")
        ahead[0]._replace("Closed")
        draw._extend({"all": 60}, "More")
        new = task.inspection_ids - self.env["srsp.inspection"].union(*before)
        self.assertEqual(len(new), 61)
        self.assertNotIn(officer, new.officer_ids)
        self.assertEqual(draw._find_difference(), "")

    def _load_strata(self, draw):
        """The strata that the form offers: the web client loads it without defaults in the context."""
        context = draw.action_extend()["context"]
        kept = {k: v for k, v in context.items() if not k.startswith("default_")}
        wizard = self.env["srsp.draw.change"].with_context(**kept)
        models = wizard.get_views([(False, "form")])["models"]
        fields = models["srsp.draw.change"]["fields"]
        return fields["stratum"]["selection"]

    def test_the_form_offers_the_strata_of_its_draw_alone(self):
        self.targets[:10].risk_class = "D"
        by_class = self._make_drawn(stratify_by="risk_class").draw_id
        whole = self._make_drawn(name="Whole").draw_id
        self.assertEqual(self._load_strata(by_class), [("B", "B"), ("D", "D")])
        self.assertEqual(self._load_strata(whole), [("all", "All")])
        self.env["res.lang"]._activate_lang("zh_CN")
        for draw in (by_class, whole):
            titles = [
                action()["name"]
                for action in (
                    draw.with_context(lang="zh_CN").action_extend,
                    draw.with_context(lang="zh_CN").action_withdraw,
                )
            ]
            self.assertEqual(titles, ["追加抽取", "更换检查人员"])

    def test_a_change_that_names_nothing_to_change_is_refused_in_words(self):
        self.targets[:10].risk_class = "D"
        draw = self._make_drawn(stratify_by="risk_class").draw_id
        other = self._make_drawn(name="Whole").draw_id
        wizard = self.env["srsp.draw.change"]
        for values, words in (
            ({"kind": "extension"}, "Choose a stratum of draw"),
            ({"kind": "extension", "stratum": "all"}, "Choose a stratum of draw"),
            ({"kind": "withdrawal"}, "Choose the inspector"),
        ):
            change = wizard.create({**values, "draw_id": draw.id, "reason": "More"})
            with self._refused(words):
                change.action_confirm()
        self.assertEqual(len(draw.iteration_ids | other.iteration_ids), 2)

    def test_the_number_of_substitutions_is_limited(self):
        self.rulebook.substitutes_allowed = 1
        visits = self._make_drawn().inspection_ids
        visits[0]._replace("Closed")
        with self._refused("its 1 substitutions are used up", UserError):
            visits[1]._replace("Closed")


@tagged("post_install", "-at_install")
class TestVisits(SrspCase):
    def test_visits_made_set_wise_equal_those_of_the_orm(self):
        self._make_inspector("EX-01", pool_kind="expert")
        self.targets[1].write(
            {"entity_id": self.targets[0].entity_id.id, "permit_number": "Second"}
        )
        items = self.item | self.env["srsp.item"].create(
            self._item_vals(list_id=self.item.list_id.copy().id, code="A2", name="Two")
        )
        task = self._make_drawn(ratio=1.0, experts=1, item_ids=[(6, 0, items.ids)])
        iteration = task.draw_id.iteration_ids
        made = self._read(task.inspection_ids.sorted("id"))
        self.assertEqual(len(made), 118)
        self.env.cr.execute(
            "DELETE FROM srsp_inspection_line WHERE inspection_id IN %s",
            [tuple(task.inspection_ids.ids)],
        )
        self.env.cr.execute(
            "DELETE FROM srsp_inspection WHERE id IN %s",
            [tuple(task.inspection_ids.ids)],
        )
        self.env.invalidate_all()
        refs = task.draw_id.inspector_refs
        lines = {line.label: line for line in task.draw_id.drawn_line_ids}
        visits = self.env["srsp.inspection"].create(
            [
                {
                    "task_id": task.id,
                    "draw_id": task.draw_id.id,
                    "entity_id": lines[labels[0]].entity_id.id,
                    "company_id": self.company.id,
                    "officer_ids": [(6, 0, [refs[label] for label in officers])],
                    "expert_ids": [(6, 0, [refs[label] for label in experts])],
                    "line_ids": [
                        (0, 0, {"target_id": target, "item_id": item.id})
                        for target in sorted(
                            lines[label].target_id.id for label in labels
                        )
                        for item in items
                    ],
                }
                for labels, officers, experts, _steps in iteration.teams
            ]
        )
        self.assertEqual(self._read(visits), made)

    def _read(self, visits):
        """Whole rows: of the visits, their lines and teams; ids aside."""
        self.env.flush_all()
        result = []
        for visit in visits:
            tables = []
            for table, column in (
                ("srsp_inspection", "id"),
                ("srsp_inspection_line", "inspection_id"),
                ("srsp_inspection_officer_rel", "inspection_id"),
                ("srsp_inspection_expert_rel", "srsp_inspection_id"),
            ):
                self.env.cr.execute(
                    f"SELECT to_jsonb(t) - 'id' - 'inspection_id' - 'srsp_inspection_id' FROM {table} t"
                    f" WHERE {column} = %s",
                    [visit.id],
                )
                rows = [row for [row] in self.env.cr.fetchall()]
                tables.append(sorted(rows, key=str))
            result.append(tables)
        return result
