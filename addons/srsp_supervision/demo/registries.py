"""What the demonstration's registries know beyond the CSV files. Data only; ``srsp_demo_registry`` enters it.

Places are the rough middle of each county, in degrees north and east; targets lie scattered around it.
"""

PLACES = {
    "鼓楼区": (26.082, 119.304),
    "台江区": (26.053, 119.314),
    "仓山区": (26.047, 119.274),
    "马尾区": (25.990, 119.455),
    "晋安区": (26.102, 119.338),
    "长乐区": (25.963, 119.523),
    "闽侯县": (26.150, 119.132),
    "连江县": (26.197, 119.540),
    "罗源县": (26.490, 119.550),
    "闽清县": (26.221, 118.864),
    "永泰县": (25.867, 118.933),
    "福清市": (25.721, 119.385),
}
BUREAU = "福州市自然资源和规划局"
PROVINCE = "福建省自然资源厅"
MARKET = "福州市市场监督管理局"

# Property definitions of the sectors' targets, as the web client stores them.
DEFINITIONS = {
    "survey": [
        {
            "name": "grade",
            "string": "资质等级",
            "type": "selection",
            "selection": [["a", "甲级"], ["b", "乙级"]],
            "view_in_cards": True,
        },
        {"name": "specialities", "string": "专业类别", "type": "char"},
        {"name": "staff", "string": "专业技术人员（人）", "type": "integer"},
    ],
    "mineral": [
        {
            "name": "right",
            "string": "矿业权种类",
            "type": "selection",
            "selection": [["mining", "采矿权"], ["exploration", "探矿权"]],
        },
        {"name": "mineral", "string": "矿种", "type": "char", "view_in_cards": True},
        {"name": "area", "string": "矿区面积（平方公里）", "type": "float"},
        {"name": "output", "string": "设计生产规模（万吨/年）", "type": "float"},
    ],
    "sea": [
        {
            "name": "use",
            "string": "用海方式",
            "type": "selection",
            "selection": [
                ["transport", "交通运输用海"],
                ["fishery", "渔业用海"],
                ["industry", "工业用海"],
                ["tourism", "旅游娱乐用海"],
                ["pipeline", "海底工程用海"],
                ["special", "特殊用海"],
            ],
            "view_in_cards": True,
        },
        {"name": "area", "string": "用海面积（公顷）", "type": "float"},
    ],
    "planning": [
        {"name": "floors", "string": "建筑面积（平方米）", "type": "integer"},
    ],
}
MINERALS = (
    "建筑用砂岩 饰面用花岗岩 建筑用花岗岩 建筑用凝灰岩 叶蜡石 高岭土 矿泉水 地热"
).split()
# Words in the name of a project that tell how it uses the sea.
SEA_USES = {
    "养殖": "fishery",
    "渔港": "fishery",
    "牧场": "fishery",
    "鱼礁": "fishery",
    "码头": "transport",
    "桥梁": "transport",
    "风电": "industry",
    "排水": "industry",
    "浴场": "tourism",
    "游艇": "tourism",
    "电缆": "pipeline",
}
SCOPES = {
    "survey": "测绘服务；地理信息系统开发；工程管理服务；技术咨询。（依法须经批准的项目，经批准后方可开展）",
    "mineral": "矿产资源开采；建筑石料、非金属矿及制品的加工、销售。（依法须经批准的项目，经批准后方可开展）",
    "sea": "港口、码头及滨海设施的建设与经营；水产养殖；海洋工程服务。（依法须经批准的项目，经批准后方可开展）",
    "planning": "房地产开发与经营；仓储服务；商业综合体管理；物业管理。（依法须经批准的项目，经批准后方可开展）",
}
# What the registrar says of every fortieth firm instead of "registered".
STATES = {7: "suspended", 19: "moved", 31: "deregistered"}
# A further permit of some targets, by the code of their sector.
FURTHER = {
    "MIN": {
        "name": "安全生产许可证",
        "number": "（闽演示）FM安许证字〔%04d〕号",
        "authority": "福建省应急管理厅",
    },
    "SEA": {
        "name": "排污许可证",
        "number": "演示排污%06d",
        "authority": "福州市生态环境局",
    },
    "SUR": {
        "name": "质量管理体系认证",
        "number": "演示认证Q%05d",
        "authority": "虚构认证中心",
    },
}
# Proposals for the registry of key targets: (target, why it was declined), what is proposed.
KEY_PROPOSALS = {
    ("sur_014", ""): {
        "for_complaints": True,
        "reason": "今年以来收到两件实名投诉，反映成果质量问题",
    },
    ("min_003", "仅有一次逾期公示且已补报，不足以列为重点，按风险分类抽查"): {
        "for_other": True,
        "reason": "上一年度信息公示逾期 5 日",
    },
}
# (target, whether it has been decided), why it is to leave.
KEY_DELISTINGS = {
    ("min_016", False): "已按期公示并连续两年核查无异常",
    ("pln_010", True): "投诉事项经核查不属实",
}
