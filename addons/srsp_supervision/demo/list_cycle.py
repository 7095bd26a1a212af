"""What the divisions change in version 2 of the item list. Data only; ``srsp_demo_lists`` plays it.

A change is {code: values}; None retires the item. ``division``, ``sector``, ``bases`` and ``methods`` are short
names of records.
"""

PURPOSE = (
    "修订后的《中华人民共和国矿产资源法》已于2025年7月1日施行。请各单位结合近年来相关法律法规规章制定、修订和废止情况，"
    "逐项核对抽查依据，按照本领域监管实际重新核定抽查比例和频次，于截止日前报送本处室部分，由政策法规处汇总报市审改办审定。"
)
RETURN_REASON = (
    "“人手不足”不能作为降低抽查比例的理由：抽查人员不足的，由综合行政执法支队予以支持并参与抽查。"
    "请将 SEA-02 的抽查比例恢复到 5% 以上，并补写海岛生态修复的核查要点后重新报送。"
)

MOVED = {"PLN-02": {"division": "survey"}}
SURVEY = {
    "PLN-02": {"inspecting_body": "福州市自然资源和规划局（测管处）"},
    "SUR-02": {
        "standard": "每个单位抽取 2 个项目，按国家测绘成果质量检查与验收标准抽样检验；"
        "要点是检查记录是否真实、检验样本是否合格，上年度检验不合格的单位必查。",
        "ratio": 0.08,
    },
    "SUR-03": {
        "name": "公开地图和互联网地图服务监督检查",
        "division": "survey",
        "sector": "survey",
        "category": "key",
        "level": "city",
        "power_list_code": "演示-JC-010",
        "bases": ("map", "climate54"),
        "inspecting_body": "福州市自然资源和规划局（测管处）",
        "target": "具有地图编制、互联网地图服务专业范围的测绘资质单位",
        "content": "1. 公开地图是否依法送审并标注审图号；\n2. 国界线、重要地理信息的表示是否符合规定；\n"
        "3. 互联网地图新增内容的核查备案情况。",
        "standard": "抽取近一年公开的地图产品和互联网地图页面，对照审核批准样图逐幅比对；"
        "要点是漏绘、错绘和未经审核公开。",
        "methods": ("network", "written"),
        "ratio": 0.1,
        "frequency": 2,
        "annual_visit_cap": 2,
        "officer_qualification": "持有行政执法证件，其中 1 人熟悉地图内容审查",
        "materials": "1. 地图审核批准书；\n2. 公开地图样图；\n3. 互联网地图内容更新和核查备案记录。",
    },
}
SEA = {
    "SEA-01": {"methods": ("on_site", "satellite", "drone")},
    "SEA-02": {"ratio": 0.04, "ratio_reason": "人手不足"},
}
MINERAL = {
    "MIN-01": {
        "bases": ("climate54", "mineral_2024", "mineral_info"),
        "content": "1. 是否按期公示年度勘查、开采信息；\n2. 公示的许可证信息、开采量、勘查投入与实际是否一致；\n"
        "3. 是否在批准的矿区范围和有效期内勘查、开采；\n4. 矿业权占用费（使用费）、出让收益缴纳情况；\n"
        "5. 地质资料汇交义务的履行情况。",
        "ratio": 0.1,
    },
    "MIN-03": None,  # its subject is now part of MIN-01
}
