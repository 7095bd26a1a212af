from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ...tools.tables import cells
from .srsp_registry_table import columns_of

_lt = LazyTranslate(__name__)
INSPECTOR = "srsp.inspector"
column = columns_of(INSPECTOR)
INSPECTOR_COLUMNS = [
    column("staff_number", _lt("Staff Number"), "工号 人员编号 编号", required=True),
    column("name", _lt("Full Name"), "姓名 执法人员", required=True),
    column("pool_kind", _lt("Pool"), "名录库 人员库 人员类别", "choice"),
    column(
        "division",
        _lt("Division"),
        "处室 所在部门 单位 部门",
        "division",
        field="division_id",
        required=True,
    ),
    column(
        "sectors",
        _lt("Sectors"),
        "监管领域 领域 专业领域",
        "sectors",
        field="sector_ids",
    ),
    column(
        "regions",
        _lt("Regions"),
        "所属区划 服务区划 区域 区县 地区 片区",
        "regions",
        field="region_ids",
    ),
    column(
        "certificate_number",
        _lt("Enforcement Certificate"),
        "执法证号 执法证件号 证件编号",
    ),
    column(
        "certificate_valid_until",
        _lt("Certificate Valid Until"),
        "执法证有效期至 证件有效期至 有效期至",
        "last_day",
    ),
    column("on_duty", _lt("On Duty"), "在岗 是否在岗", "flag"),
    column(
        "items", _lt("Item Scope"), "事项范围 抽查事项范围", "items", field="item_ids"
    ),
    column(
        "qualifications",
        _lt("Qualifications"),
        "资格 专业资格 持有资格",
        "qualifications",
        field="qualification_ids",
    ),
    column("sex", _lt("Sex"), "性别", "choice"),
    column("mobile", _lt("Mobile"), "手机 手机号 手机号码 联系电话"),
    column("education", _lt("Education"), "学历", "choice"),
    column("education_field", _lt("Field of Study"), "专业 所学专业"),
    column("title", _lt("Professional Title"), "职称 技术职称"),
    column("post", _lt("Post"), "职务 岗位"),
    column(
        "post_since", _lt("In Post Since"), "进入岗位时间 任职时间 上岗日期", "date"
    ),
    column("expertise", _lt("Field of Expertise"), "专家领域 专长"),
    column("employer", _lt("Employer"), "工作单位 所在单位"),
]


class SrspRegistryTableInspector(models.AbstractModel):
    """The table of inspectors."""

    _name = "srsp.registry.table.inspector"
    _description = "Inspectors"
    _inherit = "srsp.registry.table"

    _kind = "inspector"
    _model = INSPECTOR
    _code = "staff_number"

    @api.model
    def _get_columns(self):
        return INSPECTOR_COLUMNS

    @api.model
    def _make_converter(self, column):
        make = {
            "sectors": lambda: cells.ToChoices(
                self._get_words("srsp.sector"), "unknown_sector"
            ),
            "regions": lambda: cells.ToChoices(self._get_regions(), "unknown_region"),
            "qualifications": lambda: cells.ToChoices(
                self._get_words("srsp.qualification"), "unknown_qualification"
            ),
            "items": lambda: cells.ToChoices(self._get_items(), "unknown_item"),
        }
        if column.kind in make:
            return make[column.kind]()
        return super()._make_converter(column)

    def _get_items(self):
        """{code or name: id as text} of the items in force, Bad for a name of several items."""
        items = self.env["srsp.item"].search(
            [
                ("list_id.is_in_force", "=", True),
                ("company_id", "=", self.env.company.id),
            ]
        )
        words = {
            name: str(named.id) if len(named) == 1 else cells.Bad("ambiguous_word")
            for name, named in items.grouped("name").items()
        }
        return words | {item.code: str(item.id) for item in items}
