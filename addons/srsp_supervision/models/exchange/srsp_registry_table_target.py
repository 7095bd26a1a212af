import hashlib
import json
import math

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.translate import LazyTranslate

from ...tools.tables import cells
from .srsp_registry_table import FLAG_WORDS, Column, columns_of

_lt = LazyTranslate(__name__)
ENTITY, TARGET = "srsp.entity", "srsp.target"
# How a cell of a column is filled in (a key of NOTES), by the attribute's type; other types are no columns.
KINDS = {
    "char": "text",
    "text": "text",
    "integer": "whole",
    "float": "number",
    "date": "date",
    "boolean": "flag",
    "selection": "choice",
}
entity, target = columns_of(ENTITY), columns_of(TARGET)
TARGET_COLUMNS = [
    Column("target_code", _lt("Target Code"), "检查对象编号 对象编号 对象编码"),
    entity(
        "entity_name",
        _lt("Entity Name"),
        "企业名称 单位名称 主体名称 监管对象 监管主体 监管主体名称 市场主体 市场主体名称 名称",
        field="name",
        required=True,
    ),
    entity(
        "kind",
        _lt("Kind of Entity"),
        "主体类型 主体类别 监管主体类型 市场主体类型",
        "choice",
    ),
    entity(
        "uscc",
        _lt("Credit Code"),
        "统一社会信用代码 社会信用代码 信用代码 USCC",
        "credit_code",
    ),
    Column(
        "entity_code", _lt("Entity Code"), "主体编号 主体编码 主体代码 监管主体编码"
    ),
    entity("address", _lt("Address"), "地址 住所 注册地址 经营场所"),
    entity(
        "legal_representative",
        _lt("Legal Representative"),
        "法定代表人 负责人 法人代表 法人",
    ),
    entity("founded_on", _lt("Founded"), "成立日期 注册日期", "date"),
    entity("registering_authority", _lt("Registering Authority"), "登记机关"),
    entity("business_scope", _lt("Business Scope"), "经营范围", most=10_000),
    entity(
        "supervising_body", _lt("Supervising Body"), "管辖单位 日常监管单位 监管单位"
    ),
    entity(
        "registration_state", _lt("Registration State"), "登记状态 经营状态", "choice"
    ),
    entity("contact_name", _lt("Contact"), "联系人 联络员"),
    entity("contact_phone", _lt("Telephone"), "联系电话 电话 固定电话"),
    entity("contact_mobile", _lt("Mobile"), "手机 手机号 手机号码 联系手机"),
    entity("tags", _lt("Tags"), "标签", "tags", field="tag_ids"),
    entity(
        "entity_region",
        _lt("Region of the Entity"),
        "主体所属区划 住所所在区县 监管主体所在区域",
        "region",
        field="region_id",
    ),
    target(
        "sector",
        _lt("Sector"),
        "监管领域 领域 行业领域",
        "sector",
        field="sector_id",
        required=True,
    ),
    Column(
        "division",
        _lt("Responsible Division"),
        "责任处室 监管处室 处室 主管部门",
        "division",
    ),
    target("name", _lt("Project or Right Name"), "项目名称 对象名称 检查对象 权属名称"),
    target(
        "region",
        _lt("Region"),
        "所属区划 所在区划 区县 所在区县 所在区域 地区",
        "region",
        field="region_id",
    ),
    target("latitude", _lt("Latitude"), "纬度", "latitude"),
    target("longitude", _lt("Longitude"), "经度", "longitude"),
    target("permit_name", _lt("Permit Name"), "许可证名称 证书名称 许可名称"),
    target(
        "permit_number",
        _lt("Permit Number"),
        "许可证号 证书编号 许可证编号 资质证书编号 许可编号",
    ),
    target("permit_authority", _lt("Permit Granted By"), "发证机关 许可机关"),
    target(
        "permit_granted_on",
        _lt("Permit Granted On"),
        "发证日期 许可日期 有效期自",
        "date",
    ),
    target(
        "permit_valid_until",
        _lt("Permit Valid Until"),
        "有效期至 许可有效期至 证书有效期至 有效期止",
        "until",
    ),
    target(
        "target_contact_name",
        _lt("Contact on Site"),
        "现场联系人 项目联系人",
        field="contact_name",
    ),
    target(
        "target_contact_phone",
        _lt("Telephone on Site"),
        "现场联系电话 项目联系电话",
        field="contact_phone",
    ),
    target(
        "risk_class",
        _lt("Risk Class"),
        "风险分类 风险等级 信用风险分类 信用等级",
        "choice",
    ),
    target(
        "risk_date",
        _lt("Risk Class Date"),
        "风险分类日期 风险等级日期 评定日期",
        "date",
    ),
    target("is_key", _lt("Key Target"), "重点对象 是否重点 重点抽查对象", "flag"),
    target("key_reason", _lt("Reason for the Key Mark"), "列为重点的原因 重点原因"),
    target("state", _lt("Status"), "状态 存续状态", "choice"),
    target("state_reason", _lt("Reason"), "原因 状态原因"),
]


class Words(str):
    """A label that the bureau has chosen: the same in every language."""

    def _translate(self, _language):
        return str(self)


class SrspRegistryTableTarget(models.AbstractModel):
    """The table of entities and targets: a row is a target with its entity.

    The attributes of the sectors are further columns. Attributes of the same label are one column, whatever sectors
    they belong to; a row's sector decides which one it is. In the staging table such a column holds JSON, in
    ``srsp_import_good`` all of a row's are in ``properties``.
    """

    _name = "srsp.registry.table.target"
    _description = "Entities and targets"
    _inherit = "srsp.registry.table"

    _kind = "target"
    _model = TARGET
    _code = "code"

    @api.model
    def _get_columns(self):
        """Those of every registry, then the attributes of the sectors."""
        return TARGET_COLUMNS + [
            target(name, Words(found[0][1]["string"]), "", "attribute", "properties")
            for name, found in self._get_attributes().items()
        ]

    @api.model
    def _get_attributes(self):
        """{name of the column: [(sector, definition of the property)]}"""
        sectors = self.env["srsp.sector"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        found = {}
        for sector in sectors:
            for definition in sector.target_properties_definition or ():
                if definition["type"] in KINDS and definition.get("string"):
                    label = cells.normalise(definition["string"]).encode()
                    # PostgreSQL cuts long names of columns.
                    name = f"attribute_{hashlib.sha256(label).hexdigest()[:16]}"
                    found.setdefault(name, []).append((sector, definition))
        return found

    @api.model
    def _is_extract(self, names):
        """Return whether a file has codes of targets or entities and no sectors, as the platform's file of classes has.

        Each row is about a target, or all of an entity's that are the user's own.
        """
        return "sector" not in names and not names.isdisjoint(
            ("target_code", "uscc", "entity_code")
        )

    @api.model
    def _make_converter(self, column):
        if column.kind == "sector":
            return cells.ToChoice(self._get_own_sectors(), "unknown_sector")
        if column.kind == "tags":
            return cells.ToChoices(self._get_words("srsp.tag"), "unknown_tag")
        if column.kind == "attribute":
            return self._make_attribute_converter(column)
        return super()._make_converter(column)

    def _make_attribute_converter(self, column):
        return cells.ToAttribute(
            cells.ToChoice(self._get_words("srsp.sector")),
            {
                str(sector.id): self._make_value_converter(definition)
                for sector, definition in self._get_attributes()[column.name]
            },
        )

    def _make_value_converter(self, definition):
        """A cell → the JSON that the ORM would store."""
        kind = definition["type"]
        if kind == "integer":
            return cells.ToJson(cells.ToWhole(), lambda text: str(int(float(text))))
        if kind == "float":
            number = cells.ToNumber(-math.inf, math.inf)
            return cells.ToJson(number, lambda text: repr(float(text)))
        if kind == "boolean":
            return cells.ToJson(cells.ToChoice(FLAG_WORDS), str)
        if kind == "date":
            return cells.ToJson(cells.ToDate(cells.NO_END_DAY), json.dumps)
        if kind == "selection":
            options = definition.get("selection") or []
            words = {key: key for key, _label in options}
            words |= {label: key for key, label in options}
            return cells.ToJson(cells.ToChoice(words), json.dumps)
        most = 300 if kind == "char" else 10_000
        return cells.ToJson(cells.ToText(most), json.dumps)

    def _get_own_sectors(self):
        """The words of the sectors, Bad for those whose targets are not the user's to create and change."""
        own = {str(sector_id) for sector_id in self._get_own_sector_ids()}
        return {
            word: value
            if isinstance(value, cells.Bad) or value in own
            else cells.Bad("foreign_sector")
            for word, value in self._get_words("srsp.sector").items()
        }

    @api.model
    def _get_own_sector_ids(self):
        """The ids of the company's sectors whose targets the user may create and change."""
        rules = Domain.AND(
            self.env["ir.rule"]._compute_domain(TARGET, mode)
            for mode in ("create", "write")
        )
        sectors = self.env["srsp.sector"].with_context(active_test=False)
        sectors = sectors.search([("company_id", "=", self.env.company.id)])
        make = self.env[TARGET].sudo().new
        return {
            sector.id
            for sector in sectors
            if make({"sector_id": sector.id}).filtered_domain(rules)
        }
