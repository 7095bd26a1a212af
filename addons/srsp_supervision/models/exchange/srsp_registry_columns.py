"""The columns of the registries' tables: what an import knows and an export writes. A new field is a row here."""

from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)


class Column(NamedTuple):
    """``name`` is the column of the staging table and a heading that is always understood.

    ``kind``: text, credit_code, date, until (no date: no end), last_day (9999-12-31: no end), latitude, longitude,
    choice, flag, sector, region, division, one of ``MANY``, or attribute (``srsp_registry_attribute``).
    ``model`` and ``field`` say where the value goes; without a field it only finds or checks. ``most``: characters.
    ``aliases`` are further headings, as registries of other systems call it.
    """

    name: str
    label: object
    model: str = ""
    field: str = ""
    kind: str = "text"
    required: bool = False
    most: int = 300
    aliases: str = ""


ENTITY, TARGET, INSPECTOR = "srsp.entity", "srsp.target", "srsp.inspector"

TARGET_COLUMNS = [
    Column(
        "target_code",
        _lt("Target Code"),
        aliases="检查对象编号 对象编号 对象编码",
    ),
    Column(
        "entity_name",
        _lt("Entity Name"),
        ENTITY,
        "name",
        required=True,
        aliases="企业名称 单位名称 主体名称 监管对象 监管主体 监管主体名称 市场主体 市场主体名称 名称",
    ),
    Column(
        "kind",
        _lt("Kind of Entity"),
        ENTITY,
        "kind",
        "choice",
        aliases="主体类型 主体类别 监管主体类型 市场主体类型",
    ),
    Column(
        "uscc",
        _lt("Credit Code"),
        ENTITY,
        "uscc",
        "credit_code",
        aliases="统一社会信用代码 社会信用代码 信用代码 USCC",
    ),
    Column(
        "entity_code",
        _lt("Entity Code"),
        aliases="主体编号 主体编码 主体代码 监管主体编码",
    ),
    Column(
        "address",
        _lt("Address"),
        ENTITY,
        "address",
        aliases="地址 住所 注册地址 经营场所",
    ),
    Column(
        "legal_representative",
        _lt("Legal Representative"),
        ENTITY,
        "legal_representative",
        aliases="法定代表人 负责人 法人代表 法人",
    ),
    Column(
        "founded_on",
        _lt("Founded"),
        ENTITY,
        "founded_on",
        "date",
        aliases="成立日期 注册日期",
    ),
    Column(
        "registering_authority",
        _lt("Registering Authority"),
        ENTITY,
        "registering_authority",
        aliases="登记机关",
    ),
    Column(
        "business_scope",
        _lt("Business Scope"),
        ENTITY,
        "business_scope",
        most=10_000,
        aliases="经营范围",
    ),
    Column(
        "supervising_body",
        _lt("Supervising Body"),
        ENTITY,
        "supervising_body",
        aliases="管辖单位 日常监管单位 监管单位",
    ),
    Column(
        "registration_state",
        _lt("Registration State"),
        ENTITY,
        "registration_state",
        "choice",
        aliases="登记状态 经营状态",
    ),
    Column(
        "contact_name",
        _lt("Contact"),
        ENTITY,
        "contact_name",
        aliases="联系人 联络员",
    ),
    Column(
        "contact_phone",
        _lt("Telephone"),
        ENTITY,
        "contact_phone",
        aliases="联系电话 电话 固定电话",
    ),
    Column(
        "contact_mobile",
        _lt("Mobile"),
        ENTITY,
        "contact_mobile",
        aliases="手机 手机号 手机号码 联系手机",
    ),
    Column("tags", _lt("Tags"), ENTITY, "tag_ids", "tags", aliases="标签"),
    Column(
        "entity_region",
        _lt("Region of the Entity"),
        ENTITY,
        "region_id",
        "region",
        aliases="主体所属区划 住所所在区县 监管主体所在区域",
    ),
    Column(
        "sector",
        _lt("Sector"),
        TARGET,
        "sector_id",
        "sector",
        required=True,
        aliases="监管领域 领域 行业领域",
    ),
    Column(
        "division",
        _lt("Responsible Division"),
        kind="division",
        aliases="责任处室 监管处室 处室 主管部门",
    ),
    Column(
        "name",
        _lt("Object"),
        TARGET,
        "name",
        aliases="项目名称 对象名称 检查对象 权属名称",
    ),
    Column(
        "region",
        _lt("Region"),
        TARGET,
        "region_id",
        "region",
        aliases="所属区划 所在区划 区县 所在区县 所在区域 地区",
    ),
    Column("latitude", _lt("Latitude"), TARGET, "latitude", "latitude", aliases="纬度"),
    Column(
        "longitude", _lt("Longitude"), TARGET, "longitude", "longitude", aliases="经度"
    ),
    Column(
        "permit_name",
        _lt("Permit Name"),
        TARGET,
        "permit_name",
        aliases="许可证名称 证书名称 许可名称",
    ),
    Column(
        "permit_number",
        _lt("Permit Number"),
        TARGET,
        "permit_number",
        aliases="许可证号 证书编号 许可证编号 资质证书编号 许可编号",
    ),
    Column(
        "permit_authority",
        _lt("Permit Granted By"),
        TARGET,
        "permit_authority",
        aliases="发证机关 许可机关",
    ),
    Column(
        "permit_granted_on",
        _lt("Permit Granted On"),
        TARGET,
        "permit_granted_on",
        "date",
        aliases="发证日期 许可日期 有效期自",
    ),
    Column(
        "permit_valid_until",
        _lt("Permit Valid Until"),
        TARGET,
        "permit_valid_until",
        "until",
        aliases="有效期至 许可有效期至 证书有效期至 有效期止",
    ),
    Column(
        "target_contact_name",
        _lt("Contact on Site"),
        TARGET,
        "contact_name",
        aliases="现场联系人 项目联系人",
    ),
    Column(
        "target_contact_phone",
        _lt("Telephone on Site"),
        TARGET,
        "contact_phone",
        aliases="现场联系电话 项目联系电话",
    ),
    Column(
        "risk_class",
        _lt("Risk Class"),
        TARGET,
        "risk_class",
        "choice",
        aliases="风险分类 风险等级 信用风险分类 信用等级",
    ),
    Column(
        "risk_date",
        _lt("Risk Class Of"),
        TARGET,
        "risk_date",
        "date",
        aliases="风险分类日期 风险等级日期 评定日期",
    ),
    Column(
        "is_key",
        _lt("Key Target"),
        TARGET,
        "is_key",
        "flag",
        aliases="重点对象 是否重点 重点抽查对象",
    ),
    Column(
        "key_reason",
        _lt("Reason of the Key Mark"),
        TARGET,
        "key_reason",
        aliases="列为重点的原因 重点原因",
    ),
    Column("state", _lt("Status"), TARGET, "state", "choice", aliases="状态 存续状态"),
    Column(
        "state_reason", _lt("Reason"), TARGET, "state_reason", aliases="原因 状态原因"
    ),
]

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

# Kinds of several records in one cell.
MANY = ("sectors", "regions", "items", "qualifications", "tags")
COLUMNS = {"target": TARGET_COLUMNS, "inspector": INSPECTOR_COLUMNS}
# PostgreSQL's type of a column of the staging table, by the column's kind; text otherwise.
TYPES = {
    "date": "date",
    "until": "date",
    "last_day": "date",
    "region": "integer",
    "latitude": "numeric",
    "longitude": "numeric",
    "flag": "boolean",
    "sector": "integer",
    "division": "integer",
    **dict.fromkeys(MANY, "integer[]"),
}
