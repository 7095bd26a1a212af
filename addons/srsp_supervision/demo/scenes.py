"""What happens in the demonstration: one scene per task. Data only; ``srsp_demo`` plays it.

Every number of days counts from the day of installation, negative ones lie in the past.
"""

import datetime
from typing import NamedTuple

DRAW_TIME = datetime.time(1, 30)  # UTC: half past nine in Fuzhou


class Finding(NamedTuple):
    """What a visit found; ``follow_up`` says what became of the order to rectify."""

    result: str
    measure: str
    facts: str
    follow_up: str = ""


class Scene(NamedTuple):
    """One task on its way.

    ``visits`` holds a word per visit, in order: a key of FINDINGS or ``ok`` for a closed visit, else
    the stage it has reached (``overdue``: scheduled, for a day that has passed). Visits beyond the
    last word repeat it. ``step`` names a turn of its own, ``_step_<step>``.
    """

    item: str
    round: int
    window: tuple[int, int]
    draw: int | None = None
    state: str = "planned"
    visits: tuple[str, ...] = ()
    vals: dict = {}
    step: str = ""


LOTTERY = "03.08.14.19.26.31.11"
WITNESSES = "许云舒（信息处）、邱景行（综合行政执法支队）"
SUBSTITUTE_REASON = "该单位已停止经营并正在组织清算，注册地址无人办公，现场照片附后"
VOID_REASON = "公布的抽取范围漏列连江县项目，待抽名单不完整，本次抽取作废，补全范围后重新公布、重新抽取"
CANCEL_REASON = "与省级主管部门统一组织的矿山生态修复专项检查重复，并入该项检查实施"
VERIFIED = "已到现场复核，整改材料与实际相符，问题全部整改到位。"
REVIEWED = "程序合法，事实清楚，处理意见适当，同意公示。"
JOINT_ITEM = "sea01"
SENDER = {
    "authority": "福建省自然资源厅（演示）",
    "document": "演示闽自然资函〔2026〕17号",
}
LIST_SENT_DOWN = (
    "序号,企业名称,统一社会信用代码,许可证号",
    "1,鸣蝉台石材有限公司,91350122MAYY00WF6Q,T350120230699000006",
    "2,白狐台非金属材料有限公司,91350123MAYYQ94A3B,T350120190599000014",
    "3,月兔岭非金属材料有限公司,91350111MAYYX8G706,T350120210499000022",
    "4,听松岩非金属材料有限公司,91350122MAYYFKKN1T,T350120230399000030",
    "5,银杏谷石材有限公司,91350125MAYYCW7R8L,T350120190299000038",
    "6,鲸歌湾矿产开发有限公司,91350122MAYYKBPE2H,T350120210199000046",
)
# The permits of enterprises that hold a mining right and a sea area.
JOINT_PERMITS = (
    "C350120200599000005 T350120230699000006 C350120230899000008 C350120170199000010 国海证2017B350100041"
    " 国海证2018B350100042 国海证2019C350100043 国海证2020B350100044"
).split()
CLEAR = "经查阅资料并现场核对，未发现违反相关规定的情形。"

FINDINGS = {
    "records": Finding(
        "N",
        "rectify",
        "抽查的 2 个项目中，1 个项目缺少二级检查记录，全站仪检定证书已过有效期 2 个月。"
        "责令补齐检查记录并送检仪器，复核前不得提交成果。",
        "open",
    ),
    "staff": Finding(
        "E",
        "daily",
        "资质证书登记的 1 名中级专业技术人员已离职未变更；检查期间已补充符合条件的人员并提交变更申请。",
    ),
    "archive": Finding(
        "N",
        "rectify",
        "涉密测绘成果借阅登记不完整，3 份成果无归还记录。责令限期清点并完善登记制度。",
        "verified",
    ),
    "unreachable": Finding(
        "6",
        "copy",
        "两次前往登记住所均无人办公，登记电话停机。已抄告市市场监督管理局。",
    ),
    "unpublished": Finding(
        "B",
        "rectify",
        "上一年度开采信息应于规定期限内公示，检查之日仍未填报。责令补充公示并说明原因。",
        "verified",
    ),
    "amount": Finding(
        "C",
        "enforce",
        "公示的年度开采量与储量年报、销售台账相差三成以上，涉嫌隐瞒真实情况，已移送综合行政执法支队。",
    ),
    "slope": Finding(
        "N",
        "rectify",
        "采场东侧终了边坡约 0.4 公顷未按方案覆土复绿，截排水沟局部淤塞。责令汛前完成治理。",
        "late",
    ),
    "area": Finding(
        "A",
        "rectify",
        "实测用海面积超出批准界址 0.12 公顷，系临时栈桥外延所致。责令拆除超出部分并恢复海域原状。",
        "open",
    ),
}

# Drawn before the strata of the rulebook were the rule.
FLAT = {
    "stratify_by": "none",
    "stratify_reason": "本批次按全库统一比例抽取，高风险对象和重点对象由本年度后续批次按细则规定的比例抽取",
}
# In the order in which their draws happened: an officer's load counts the visits drawn before.
SCENES = [
    Scene(
        "sur01",
        1,
        (-135, -105),
        -140,
        "done",
        ("ok", "archive", "ok", "ok", "unreachable", "ok"),
        {
            "randomness_kind": "lottery",
            "lottery": "示例彩票第 2026001 期（虚构）",
            **FLAT,
        },
    ),
    Scene(
        "sea01",
        1,
        (-26, -6),
        -30,
        "done",
        ("ok", "area", "ok"),
        {"use_detachment": 0, **FLAT},
    ),
    Scene(
        "min02",
        1,
        (-24, -2),
        -27,
        "inspecting",
        ("ok", "slope", "reviewed", "overdue", "ok"),
        FLAT,
    ),
    Scene(
        "min01",
        1,
        (-21, -3),
        -25,
        "disclosed",
        ("ok", "unpublished", "ok", "amount", "ok"),
        {"stratify_by": "risk_class+key"},
    ),
    Scene(
        "sur02",
        1,
        (-16, 20),
        -19,
        "inspecting",
        tuple("records ok staff reviewed recorded on_site scheduled assigned".split()),
        {"stratify_by": "key", "stratify_reason": FLAT["stratify_reason"]},
    ),
    Scene(
        "sea02",
        1,
        (-1, 30),
        -9,
        "drawn",
        ("assigned",),
        FLAT,
        "void",
    ),
    Scene(
        "sur01",
        2,
        (-2, 28),
        -4,
        "drawn",
        ("scheduled", "scheduled", "assigned"),
        FLAT,
        "substitute",
    ),
    Scene(
        "min02",
        3,
        (-2, 30),
        -3,
        "drawn",
        ("scheduled", "scheduled", "assigned"),
        {
            "name": "矿山企业用矿用海情况跨处室联合抽查",
            "target_domain": f"[('permit_number', 'in', {JOINT_PERMITS})]",
            "ratio": 0.75,
        },
        "join",
    ),
    Scene(
        "min01",
        3,
        (-1, 30),
        -2,
        "drawn",
        ("scheduled", "assigned"),
        {"name": "省级下发勘查项目公示信息核查名单", "mode": "external"},
        "take_over",
    ),
    Scene("min01", 2, (5, 40), 2, "committed", (), {"stratify_by": "risk_class+key"}),
    Scene(
        "sea01",
        2,
        (6, 36),
        3,
        "committed",
        (),
        {
            "randomness_kind": "lottery",
            "lottery": "示例彩票第 2026001 期（虚构）",
            **FLAT,
        },
    ),
    Scene(
        "sea02",
        2,
        (8, 38),
        1,
        vals={"use_detachment": 0, "team_size": 6, **FLAT},
        step="block",
    ),
    Scene("sur01", 3, (14, 44), 8, step="announce"),
    Scene("min02", 2, (20, 50), state="cancelled", step="cancel"),
    Scene("sur02", 2, (50, 85)),
    Scene("sur01", 4, (65, 95), vals=FLAT),
    Scene("pln01", 1, (15, 45)),
    Scene("pln01", 2, (70, 100)),
    Scene("pln02", 1, (25, 55)),
    Scene("pln02", 2, (80, 110)),
    Scene("min03", 1, (55, 90)),
]

# Task (item, round), user, days until due, what to do.
ACTIVITIES = [
    ("sur02", 1, "survey_manager", 1, "审核已录入的 2 份检查结果"),
    ("sur02", 1, "survey_officer", 3, "通知下周受检单位准备项目资料"),
    ("min02", 1, "mineral_manager", -2, "督促逾期未完成的现场检查"),
    ("min01", 1, "mineral_officer", 5, "整理核查台账归档"),
    ("sea01", 2, "sea_manager", 3, "组织见证人员参加现场抽取"),
    ("sur01", 3, "survey_officer", 4, "抽取前更新检查对象名录库"),
    ("sur02", 2, "survey_manager", 20, "确定委托的质量检验机构"),
    ("pln01", 1, "policy", 2, "审核综合行政执法支队报送的年度计划"),
]
