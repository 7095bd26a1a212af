from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ...tools.tables import cells
from .srsp_registry_table import Column

_lt = LazyTranslate(__name__)
INSPECTOR = "srsp.inspector"
INSPECTOR_COLUMNS = [
    Column(
        "staff_number",
        _lt("Staff Number"),
        INSPECTOR,
        "staff_number",
        required=True,
        aliases="工号 人员编号 编号",
    ),
    Column(
        "name",
        _lt("Full Name"),
        INSPECTOR,
        "name",
        required=True,
        aliases="姓名 执法人员",
    ),
    Column(
        "pool_kind",
        _lt("Pool"),
        INSPECTOR,
        "pool_kind",
        "choice",
        aliases="名录库 人员库 人员类别",
    ),
    Column(
        "division",
        _lt("Division"),
        INSPECTOR,
        "division_id",
        "division",
        required=True,
        aliases="处室 所在部门 单位 部门",
    ),
    Column(
        "sectors",
        _lt("Sectors"),
        INSPECTOR,
        "sector_ids",
        "sectors",
        aliases="监管领域 领域 专业领域",
    ),
    Column(
        "regions",
        _lt("Regions"),
        INSPECTOR,
        "region_ids",
        "regions",
        aliases="所属区划 服务区划 区域 区县 地区 片区",
    ),
    Column(
        "certificate_number",
        _lt("Enforcement Certificate"),
        INSPECTOR,
        "certificate_number",
        aliases="执法证号 执法证件号 证件编号",
    ),
    Column(
        "certificate_valid_until",
        _lt("Certificate Valid Until"),
        INSPECTOR,
        "certificate_valid_until",
        "last_day",
        aliases="执法证有效期至 证件有效期至 有效期至",
    ),
    Column(
        "on_duty", _lt("On Duty"), INSPECTOR, "on_duty", "flag", aliases="在岗 是否在岗"
    ),
    Column(
        "items",
        _lt("Item Scope"),
        INSPECTOR,
        "item_ids",
        "items",
        aliases="事项范围 抽查事项范围",
    ),
    Column(
        "qualifications",
        _lt("Qualifications"),
        INSPECTOR,
        "qualification_ids",
        "qualifications",
        aliases="资格 专业资格 持有资格",
    ),
    Column("sex", _lt("Sex"), INSPECTOR, "sex", "choice", aliases="性别"),
    Column(
        "mobile",
        _lt("Mobile"),
        INSPECTOR,
        "mobile",
        aliases="手机 手机号 手机号码 联系电话",
    ),
    Column(
        "education", _lt("Education"), INSPECTOR, "education", "choice", aliases="学历"
    ),
    Column(
        "education_field",
        _lt("Field of Study"),
        INSPECTOR,
        "education_field",
        aliases="专业 所学专业",
    ),
    Column(
        "title", _lt("Professional Title"), INSPECTOR, "title", aliases="职称 技术职称"
    ),
    Column("post", _lt("Post"), INSPECTOR, "post", aliases="职务 岗位"),
    Column(
        "post_since",
        _lt("In Post Since"),
        INSPECTOR,
        "post_since",
        "date",
        aliases="进入岗位时间 任职时间 上岗日期",
    ),
    Column(
        "expertise",
        _lt("Field of Expertise"),
        INSPECTOR,
        "expertise",
        aliases="专家领域 专长",
    ),
    Column(
        "employer", _lt("Employer"), INSPECTOR, "employer", aliases="工作单位 所在单位"
    ),
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
        """The words of the items in force: their codes, and the names that only one of them has."""
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
