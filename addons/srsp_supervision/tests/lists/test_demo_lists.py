import json
from pathlib import Path

from odoo.tests import TransactionCase, tagged

# Sections 二（一）, 二（三） and 三 of the work plan 榕自然综〔2020〕243号, word for word.
WORK_PLAN = Path(__file__).parents[1] / "data/work_plan_2020.txt"
EVERYBODY = {
    "政策法规处",
    "地矿处",
    "测管处",
    "海域海岛处",
    "综合行政执法支队",
    "信息处",
    "办公室",
}
# Whoever a sentence of section 三 begins with answers for it.
ANSWERABLE = {
    "政策法规处负责牵头": {"政策法规处"},
    "地矿处负责": {"地矿处"},
    "测管处负责": {"测管处"},
    "海域海岛处负责": {"海域海岛处"},
    "综合行政执法支队负责": {"综合行政执法支队"},
    "信息处、法规处负责": {"信息处", "政策法规处"},
    "各单位、各部门要": EVERYBODY,
}
# The nine elements of an item (section 二（一）), then what else a complete one says.
ELEMENTS = (
    "name legal_basis inspecting_body target content standard method_ids ratio frequency"
    " category code level power_list_code annual_visit_cap officer_qualification materials"
).split()


@tagged("post_install", "-at_install")
class TestDemoLists(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env.ref("srsp_supervision.demo_user_policy")
        cls.items = cls._as_policy(cls.env.ref("srsp_supervision.demo_list_item"))
        cls.duties = cls._as_policy(cls.env.ref("srsp_supervision.demo_list_duty"))
        cls.next = cls.items.search([("origin_id", "=", cls.items.id)])

    @classmethod
    def _as_policy(cls, records):
        return records.with_user(cls.policy).with_context(lang="en_US")

    # What the work plan asks for -----------------------------------------------------------------

    def test_each_division_answers_for_its_sentence_of_the_work_plan(self):
        _before, section = WORK_PLAN.read_text(encoding="utf-8").split("三、职责分工\n")
        sentences = [line.rstrip("；。") for line in section.split()]
        divisions = self.env["srsp.division"].search(
            [("company_id", "=", self.items.company_id.id)]
        )
        found = {
            sentence: {
                division.name
                for division in divisions
                if sentence in (division.duty or "")
            }
            for sentence in sentences
        }
        self.assertEqual(
            {
                beginning: found[sentence]
                for beginning in ANSWERABLE
                for sentence in sentences
                if sentence.startswith(beginning)
            },
            ANSWERABLE,
        )
        self.assertEqual(len(sentences), len(ANSWERABLE))

    def test_each_item_is_led_by_the_division_that_the_work_plan_names(self):
        self.assertEqual(
            {
                item.code: (item.name, item.division_id.name)
                for item in self.items.item_ids
            },
            {
                "SUR-01": ("测绘资质巡查", "测管处"),
                "SUR-02": ("测绘成果质量监督检查", "测管处"),
                "MIN-01": ("矿业权人勘查开采公示信息核查", "地矿处"),
                "MIN-02": ("矿山地质环境保护与土地复垦义务履行情况检查", "地矿处"),
                "MIN-03": ("地质资料汇交义务履行情况检查", "地矿处"),
                "SEA-01": ("海域使用权人用海情况监督检查", "海域海岛处"),
                "SEA-02": ("海域海岛审批事项事中事后监管", "海域海岛处"),
                "PLN-01": ("建设工程规划许可实施情况检查", "综合行政执法支队"),
                "PLN-02": ("竣工规划核实测量成果检查", "综合行政执法支队"),
            },
        )

    def test_each_duty_has_its_lead_and_its_cooperating_divisions(self):
        self.assertEqual(
            {
                duty.code: (
                    duty.name,
                    duty.division_id.name,
                    set(duty.cooperating_division_ids.mapped("name")),
                )
                for duty in self.duties.duty_ids
            },
            {
                "D-01": (
                    "测绘资质单位登记经营与资质条件联合监管",
                    "测管处",
                    {"综合行政执法支队", "市市场监督管理局"},
                ),
                "D-02": (
                    "矿山企业勘查开采、安全生产与生态修复联合监管",
                    "地矿处",
                    {"综合行政执法支队", "市应急管理局", "市生态环境局"},
                ),
                "D-03": (
                    "用海用岛项目批后监管和海洋生态环境保护联合监管",
                    "海域海岛处",
                    {"综合行政执法支队", "市生态环境局"},
                ),
                "D-04": (
                    "抽查结果门户网站公布、大数据平台录入与涉企信息共享",
                    "政策法规处",
                    {"信息处", "办公室", "市市场监督管理局"},
                ),
                "D-05": (
                    "企业“双随机一公开”监管工作的牵头推进、指导督查和考核",
                    "政策法规处",
                    EVERYBODY - {"政策法规处"},
                ),
                "D-06": (
                    "抽查人员不足时由支队执法人员支持并参与抽查检查",
                    "综合行政执法支队",
                    {"地矿处", "测管处", "海域海岛处"},
                ),
            },
        )

    def test_no_item_lacks_an_element_and_no_duty_its_basis(self):
        items = self.items.item_ids | self.next.item_ids
        missing = [
            (item.code, name) for item in items for name in ELEMENTS if not item[name]
        ]
        self.assertEqual((len(items), missing), (18, []))
        self.assertNotIn(False, self.duties.duty_ids.mapped("legal_basis"))

    def test_a_reason_stands_where_an_item_is_below_the_floor_and_only_there(self):
        rulebook = self.env.ref("srsp_supervision.demo_rulebook")
        below = {
            (item.list_id.version, item.code): (
                item.ratio < rulebook.floor_ratio,
                item.frequency < rulebook.floor_frequency,
            )
            for item in self.items.item_ids | self.next.item_ids
        }
        reasons = {
            (item.list_id.version, item.code): (
                bool(item.ratio_reason),
                bool(item.frequency_reason),
            )
            for item in self.items.item_ids | self.next.item_ids
        }
        self.assertEqual(below, reasons)
        self.assertEqual(
            {key for key, value in below.items() if any(value)},
            {(1, "MIN-03"), (2, "SEA-02")},
        )

    # A law has been repealed ---------------------------------------------------------------------

    def test_what_rests_on_the_repealed_mining_law_is_flagged_and_reported(self):
        old = self.env.ref("srsp_supervision.demo_basis_mineral")
        self.assertEqual(
            (old.phase, old.successor_id.phase, old.successor_id.title),
            ("repealed", "in_force", old.title),
        )
        lines = self.items.item_ids, self.duties.duty_ids, self.next.item_ids
        self.assertEqual(
            [
                {
                    line.code: line.repealed_basis
                    for line in of_list
                    if line.repealed_basis
                }
                for of_list in lines
            ],
            [{"MIN-01": old.display_name}, {"D-02": old.display_name}, {}],
        )
        for version, code in ((self.items, "MIN-01"), (self.duties, "D-02")):
            [activity] = version.activity_ids
            self.assertEqual(activity.user_id, self.policy)
            self.assertIn(code, activity.note)
        self.assertTrue(old.repeal_reported)

    # The next version ----------------------------------------------------------------------------

    def test_the_board_shows_every_state_with_its_people(self):
        parts = self.next.part_ids
        self.assertEqual(
            {
                part.division_id.name: (
                    part.state,
                    part.handed_in_by_id.login,
                    bool(part.reminded_on),
                    part._get_own_lines().sorted("code").mapped("code"),
                )
                for part in parts
            },
            {
                "测管处": (
                    "handed_in",
                    "survey_manager",
                    False,
                    ["PLN-02", "SUR-01", "SUR-02", "SUR-03"],
                ),
                "海域海岛处": (
                    "returned",
                    "sea_manager",
                    True,
                    ["SEA-01", "SEA-02"],
                ),
                "地矿处": ("editing", False, True, ["MIN-01", "MIN-02"]),
                "综合行政执法支队": ("editing", False, True, ["PLN-01"]),
            },
        )
        states = {value for value, _label in parts._fields["state"].selection}
        self.assertEqual(set(parts.mapped("state")), states)
        returned = parts.filtered(lambda part: part.state == "returned")
        self.assertIn("“人手不足”不能作为降低抽查比例的理由", returned.comment)

    def test_whoever_has_not_handed_in_has_an_activity_and_got_a_reminder(self):
        waiting = self.next.part_ids.filtered(lambda part: part.state != "handed_in")
        self.assertEqual(
            {
                (activity.user_id.login, activity.date_deadline)
                for activity in self.next.part_ids.activity_ids
            },
            {
                (login, self.next.deadline)
                for login in ("sea_manager", "mineral_manager", "detachment_manager")
            },
        )
        reminders = self.env["mail.message"].search(
            [
                ("model", "=", "srsp.list.part"),
                ("message_type", "=", "user_notification"),
            ]
        )
        self.assertEqual(set(reminders.mapped("res_id")), set(waiting.ids))
        people = waiting.division_id.manager_id | waiting.division_id.member_ids
        self.assertEqual(reminders.notified_partner_ids, people.partner_id)

    def test_the_comparison_shows_every_kind_of_change(self):
        self.assertEqual(
            {
                change.line.code: (
                    change.kind,
                    change.old.division_id.name,
                    change.new.division_id.name,
                )
                for change in self.next._compare(self.items)
            },
            {
                "MIN-01": ("changed", "地矿处", "地矿处"),
                "MIN-03": ("retired", "地矿处", False),
                "PLN-02": ("moved", "综合行政执法支队", "测管处"),
                "SEA-01": ("changed", "海域海岛处", "海域海岛处"),
                "SEA-02": ("changed", "海域海岛处", "海域海岛处"),
                "SUR-02": ("changed", "测管处", "测管处"),
                "SUR-03": ("added", False, "测管处"),
            },
        )

    # History -------------------------------------------------------------------------------------

    def test_the_history_reads_in_the_order_in_which_it_happened(self):
        for version in self.items | self.duties | self.next:
            opened = version.message_ids.sorted("id")[:1].date
            for thread in (version, *version.part_ids):
                dates = thread.message_ids.sorted("id").mapped("date")
                self.assertEqual(dates, sorted(dates), thread.display_name)
                self.assertEqual(dates[0], opened)
            self.assertEqual(version.opened_on, opened)

    def test_what_was_sealed_is_what_the_lists_say(self):
        for version in self.items | self.duties:
            event = self.env["srsp.event"].search(
                [("res_model", "=", "srsp.list"), ("res_id", "=", version.id)]
            )
            self.assertEqual(
                json.loads(event.payload)["record"], version._prepare_seal()
            )
