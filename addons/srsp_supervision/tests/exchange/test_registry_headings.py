"""Headings and words of other systems, each of which is known, or named as one that is not imported."""

from odoo.tests import tagged

from ...models.exchange.srsp_registry_table import HEADINGS
from ...tools.tables import cells
from ..registry.registry_case import RegistryCase

# The workbook in which permits are reported to the credit platform (“双公示”), by columns: heading, what it is here.
PERMIT_WORKBOOK = [
    ("行政相对人名称", "entity_name"),
    ("行政相对人类别", "kind"),
    ("行政相对人代码_1（统一社会信用代码）", "uscc"),
    ("行政相对人代码_2（工商注册号）", False),
    ("行政相对人代码_3（组织机构代码）", False),
    ("行政相对人代码_4（税务登记号）", False),
    ("行政相对人代码_5（事业单位证书号）", False),
    ("行政相对人代码_6（社会组织登记证号）", False),
    ("法定代表人", "legal_representative"),
    ("法定代表人证件类型", False),
    ("法定代表人证件号码", False),
    ("证件类型", False),
    ("证件号码", False),
    ("行政许可决定文书名称", False),
    ("行政许可决定文书号", False),
    ("许可类别", False),
    ("许可证书名称", "permit_name"),
    ("许可编号", "permit_number"),
    ("许可内容", False),
    ("许可决定日期", "permit_granted_on"),
    ("有效期自", False),
    ("有效期至", "permit_valid_until"),
    ("许可机关", "permit_authority"),
    ("许可机关统一社会信用代码", False),
    ("当前状态", False),
    ("数据来源单位", False),
    ("数据来源单位统一社会信用代码", False),
]


@tagged("post_install", "-at_install")
class TestRegistryHeadings(RegistryCase):
    def _map(self, headings, kind):
        record = self._upload([["(空)", *headings], ["x"]], self.manager, kind=kind)
        return record.column_ids[1:].mapped(lambda c: (c.label, c._get_name()))

    def test_every_column_of_the_permit_workbook_is_known_or_left_out(self):
        headings = [heading for heading, _name in PERMIT_WORKBOOK]
        self.assertEqual(self._map(headings, "target"), PERMIT_WORKBOOK)

    def test_every_heading_means_the_column_that_it_is_listed_under(self):
        for kind in ("target", "inspector"):
            known = self.env[f"srsp.registry.table.{kind}"]
            known = known._get_headings(known._get_columns())
            for name, headings in HEADINGS[kind].items():
                for heading in headings.split():
                    with self.subTest(heading):
                        self.assertEqual(known[cells.normalise(heading)], name)

    def test_headings_are_the_same_in_any_width_and_with_blanks(self):
        headings = [
            "行政相对人代码_1(统一社会信用代码)",
            "法定代表人 （负责人）",
            "住所（经营场所）",
        ]
        self.assertEqual(
            [name for _label, name in self._map(headings, "target")],
            ["uscc", "legal_representative", "address"],
        )

    def test_words_of_other_systems_are_understood(self):
        header = "entity_name sector permit_number kind registration_state risk_class risk_date".split()
        rows = [
            [
                "甲公司",
                "SUR",
                "1",
                "法人及非法人组织",
                "存续（在营、开业、在册）",
                "A级",
                "2024-01-01",
            ],
            ["乙店", "SUR", "2", "个体户", "吊销，未注销", "b类", "2024-01-01"],
            ["丙", "SUR", "3", "自然人", "已注销", "D", "2024-01-01"],
        ]
        record = self._import([header, *rows])
        self.assertEqual(self._errors(record), [])
        targets = self._target("甲公司") + self._target("乙店") + self._target("丙")
        self.assertEqual(
            [
                (t.entity_id.kind, t.entity_id.registration_state, t.risk_class)
                for t in targets
            ],
            [
                ("enterprise", "registered", "A"),
                ("individual", "revoked", "B"),
                ("person", "deregistered", "D"),
            ],
        )
        institution = [header[:4], ["丁院", "SUR", "4", "事业单位"]]
        self._import(institution)
        institution[1][3] = "法人及非法人组织"
        self.assertEqual(self._counts(self._check(institution)), (1, 0, 0, 1, 0))
