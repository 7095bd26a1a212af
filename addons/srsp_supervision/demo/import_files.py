"""Files for the imports of the demonstration, made from its own registries: workbooks of a dozen rows.

What does not exist yet in them is invented, as the names say.
"""

import datetime
import io
from operator import attrgetter

import xlsxwriter

HEADINGS = {
    "entity_name": "企业名称",
    "uscc": "统一社会信用代码",
    "legal_representative": "法定代表人",
    "address": "住所",
    "sector": "监管领域",
    "division": "责任处室",
    "name": "项目名称",
    "region": "所在区县",
    "permit_number": "许可证号",
    "permit_valid_until": "有效期至",
    "risk_class": "信用风险分类",
}
UNKNOWN = "备注"  # a heading that no column of the registry goes by
# Where a target has the columns that are not fields of its own.
PATHS = {
    "entity_name": "entity_id.name",
    "uscc": "entity_id.uscc",
    "legal_representative": "entity_id.legal_representative",
    "address": "entity_id.address",
    "sector": "sector_id.name",
    "division": "division_id.name",
}


def get_rows(targets):
    """One dictionary per target, keyed like HEADINGS, saying what the registry says."""
    paths = {name: PATHS.get(name, name) for name in HEADINGS}
    return [
        {name: attrgetter(path)(target) for name, path in paths.items()}
        for target in targets
    ]


def make_workbook(rows, title):
    """The bytes of a workbook: a title, the headings, the rows; ``=…`` stays a formula, dates are real ones."""
    file = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.set_column(0, len(HEADINGS), 18)
        sheet.write(0, 0, title, bold)
        sheet.write_row(1, 0, [*HEADINGS.values(), UNKNOWN], bold)
        for number, row in enumerate(rows, 2):
            sheet.write_row(number, 0, [row[name] or None for name in HEADINGS])
    return file.getvalue()


def other_class(row):
    """A risk class that the target does not have, whatever the results of the demonstration made of it."""
    return "B" if row["risk_class"] == "C" else "C"


def change(rows):
    """A change of address, a renewed permit, another class, and a company that the registry does not know."""
    rows[1]["address"] = "福州市连江县听雨巷18号（演示）"
    rows[2]["permit_valid_until"] += datetime.timedelta(days=365)
    rows[4]["risk_class"] = other_class(rows[4])
    new = {
        "entity_name": "演示新设测绘有限公司",
        "uscc": "91350102MAYY00DM08",
        "legal_representative": "柯演示",
        "address": "福州市鼓楼区纸鸢路999号（演示）",
        "name": "乙级测绘资质（工程测量）",
        "region": "鼓楼区",
        "permit_number": "乙测资字35509999",
        "risk_class": None,
    }
    return [*rows, rows[0] | new]


def spoil(rows):
    """Rows of which most will not do, each for a reason of its own; two good ones move the risk class."""
    for number in (0, 6):
        rows[number]["risk_class"] = other_class(rows[number])
    uscc = rows[1]["uscc"]
    rows[1]["uscc"] = uscc[:-1] + ("1" if uscc.endswith("0") else "0")
    rows[3]["division"] = "矿产科"
    rows[4]["permit_valid_until"] = "明年年底"
    rows[5]["permit_number"] = '="C3501"&"2018"'
    rows[7]["risk_class"] = "五星"
    rows[8]["sector"] = "测绘管理"
    rows[9]["entity_name"] = None
    rows[10]["address"] = "福州市闽清县云梯街1号（演示）"
    rows[11]["name"] = "（名称过长）".join([rows[11]["name"]] * 20)
    return [*rows, dict(rows[2])]
