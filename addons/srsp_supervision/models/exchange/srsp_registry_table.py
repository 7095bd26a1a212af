import hashlib
import json
from collections import defaultdict
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import file_open
from odoo.tools.translate import LazyTranslate

from ...fields import BigramChar
from ...tools.tables import cells

_lt = LazyTranslate(__name__)
FLAGS = {"true": "t yes y 1 是 有 √", "false": "f no n 0 否 无 ×"}
FLAG_WORDS = {w: v for v, words in FLAGS.items() for w in [v, *words.split()]}
# Kinds of cells that name one record, or several: of the model srsp.<kind in the singular>.
ONE = ("sector", "division", "region")
MANY = ("sectors", "regions", "items", "qualifications", "tags")
# PostgreSQL's type of a column of the staging table, by the column's kind; text otherwise.
TYPES = defaultdict(
    lambda: "varchar",
    {
        **dict.fromkeys(("date", "until", "last_day"), "date"),
        **dict.fromkeys(("latitude", "longitude"), "numeric"),
        "flag": "boolean",
        **dict.fromkeys(ONE, "integer"),
        **dict.fromkeys(MANY, "integer[]"),
    },
)
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
# {registry: {column name: further headings}}, as registries of other systems call the columns, and under "words"
# {column name: {value: further words}} of a selection; the value "" changes nothing.
with file_open("srsp_supervision/data/registry_headings.json") as headings:
    HEADINGS = json.load(headings)


class Column(NamedTuple):
    """A column of a registry's table. A new field is a row in ``TARGET_COLUMNS`` or ``INSPECTOR_COLUMNS``.

    ``name`` is the column of the staging table and a heading that is always understood; so are those of ``HEADINGS``.
    ``kind``: text, phone (or digits alike), credit_code, date, until (no date: no end), last_day (9999-12-31: no end),
    latitude, longitude, choice, flag, one of ``ONE`` and ``MANY``, or attribute (of a sector's targets).
    ``model`` and ``field`` say where the value goes; without a field it only finds or checks. ``most``: characters.
    """

    name: str
    label: object
    kind: str = "text"
    model: str = ""
    field: str = ""
    required: bool = False
    most: int = 300
    aliases: str = ""


def columns_of(registry, model=""):
    """Return a function that makes a ``Column`` of ``model``; without ``field``, the field has the column's name."""

    def make(name, label, kind="text", field="", **more):
        aliases = HEADINGS[registry].get(name, "")
        field = model and (field or name)
        return Column(name, label, kind, model, field, aliases=aliases, **more)

    return make


def translate(env, text):
    """Return a lazily translated text in the user's language; a label that the bureau has chosen is the same in all."""
    return text if isinstance(text, str) else text._translate(env.lang or "en_US")


ENTITY, TARGET = "srsp.entity", "srsp.target"
key = columns_of("target")
entity, target = columns_of("target", ENTITY), columns_of("target", TARGET)
TARGET_COLUMNS = [
    key("target_code", _lt("Target Code")),
    entity("entity_name", _lt("Entity Name"), field="name", required=True),
    entity("kind", _lt("Kind of Entity"), "choice"),
    entity("uscc", _lt("Credit Code"), "credit_code"),
    key("entity_code", _lt("Entity Code")),
    entity("address", _lt("Address")),
    entity("legal_representative", _lt("Legal Representative")),
    entity("founded_on", _lt("Founded"), "date"),
    entity("registering_authority", _lt("Registering Authority")),
    entity("business_scope", _lt("Business Scope"), most=10_000),
    entity("supervising_body", _lt("Supervising Body")),
    entity("registration_state", _lt("Registration State"), "choice"),
    entity("contact_name", _lt("Contact")),
    entity("contact_phone", _lt("Telephone"), "phone"),
    entity("contact_mobile", _lt("Mobile"), "phone"),
    entity("tags", _lt("Tags"), "tags", field="tag_ids"),
    entity("entity_region", _lt("Region of the Entity"), "region", field="region_id"),
    target("sector", _lt("Sector"), "sector", field="sector_id", required=True),
    key("division", _lt("Responsible Division"), "division"),
    target("name", _lt("Project or Right Name")),
    target("region", _lt("Region"), "region", field="region_id"),
    target("latitude", _lt("Latitude"), "latitude"),
    target("longitude", _lt("Longitude"), "longitude"),
    target("permit_name", _lt("Permit Name")),
    target("permit_number", _lt("Permit Number"), "phone"),
    target("permit_authority", _lt("Permit Granted By")),
    target("permit_granted_on", _lt("Permit Granted On"), "date"),
    target("permit_valid_until", _lt("Permit Valid Until"), "until"),
    target("target_contact_name", _lt("Contact on Site"), field="contact_name"),
    target("target_contact_phone", _lt("Telephone on Site"), "phone", "contact_phone"),
    target("risk_class", _lt("Risk Class"), "choice"),
    target("risk_date", _lt("Risk Class Date"), "date"),
    target("is_key", _lt("Key Target"), "flag"),
    target("key_reason", _lt("Reason for the Key Mark")),
    target("state", _lt("Status"), "choice"),
    target("state_reason", _lt("Reason")),
]


class SrspRegistryTable(models.AbstractModel):
    """The table of one registry: the columns that an import understands and an export writes.

    ``srsp.registry.table.target`` and ``srsp.registry.table.inspector`` are the two there are. Words are those of the
    records of ``env.company``.
    """

    _name = "srsp.registry.table"
    _description = "Registry"

    _kind = ""  # as the import's ``kind``
    _model = ""  # of the registry's records
    _code = ""  # the field of ``_model`` that orders an export

    @api.model
    def _get_columns(self):
        """Return the registry's columns, as a list of ``Column``."""
        raise NotImplementedError

    @api.model
    def _get_labels(self):
        """{column name: label in the user's language}"""
        return {c.name: translate(self.env, c.label) for c in self._get_columns()}

    @api.model
    def _get_headings(self, columns):
        """{normalised heading: column name}; labels and technical names go before attributes, those before aliases."""
        known = {}
        for column in columns:
            for alias in column.aliases.split():
                known.setdefault(cells.normalise(alias), column.name)
        languages = ("zh_CN", self.env.lang, "en_US")
        envs = [self.with_context(lang=lang).env for lang in languages]
        for column in sorted(columns, key=lambda c: c.kind != "attribute"):
            for heading in (
                *(translate(env, column.label) for env in envs),
                column.name,
            ):
                known[cells.normalise(heading)] = column.name
        return known

    @api.model
    def _is_extract(self, names):
        """Return whether a file with the columns ``names`` is about known records alone."""
        return False

    @api.model
    def _get_only_sector_id(self):
        """Return the id of the sector of every row of a file that has no column for it, or None."""
        return None

    @api.model
    def _make_converter(self, column):
        """Return the ``Converter`` of a column's cells."""
        if column.kind in ONE + MANY:
            word = column.kind.removesuffix("s")
            make = cells.ToChoices if column.kind in MANY else cells.ToChoice
            return make(self._get_words(f"srsp.{word}"), f"unknown_{word}")
        field = column.model and self.env[column.model]._fields[column.field]
        make_text = cells.ToName if isinstance(field, BigramChar) else cells.ToText
        make = {
            "text": lambda: make_text(column.most, phones=False),
            "phone": lambda: make_text(column.most),
            "credit_code": cells.ToCreditCode,
            "date": cells.ToDate,
            "until": lambda: cells.ToDate("infinity"),
            "last_day": lambda: cells.ToDate(cells.NO_END_DAY),
            "latitude": lambda: cells.ToNumber(-90, 90, 6),
            "longitude": lambda: cells.ToNumber(-180, 180, 6),
            "choice": lambda: cells.ToChoice(self._get_choices(column)),
            "flag": lambda: cells.ToChoice(FLAG_WORDS),
        }
        return make[column.kind]()

    def _get_choices(self, column):
        """{word: value} of a selection: the values, their labels in every language there is, and those of others."""
        field = self.env[column.model]._fields[column.field]
        languages = self.env["res.lang"].sudo().get_installed()
        choices = {
            label: value
            for lang, _name in languages
            for value, label in field._description_selection(
                self.with_context(lang=lang).env
            )
        }
        others = HEADINGS["words"].get(column.name, {})
        others = {word: value for value in others for word in others[value].split()}
        return others | choices | {value: value for value in field.get_values(self.env)}

    def _get_words(self, model):
        """{normalised name or code: id as text} of the company's records, Bad for a name of several records.

        A code goes before a name, and a current record before an archived one. Items are those in force.
        """
        if model == "srsp.region":
            words = self.env[model]._get_words(self.env.company)
            return _identify(words, "ambiguous_region")
        domain = [("company_id", "=", self.env.company.id)]
        if model == "srsp.item":
            domain.append(("list_id.is_in_force", "=", True))
        records = self.env[model].with_context(active_test=False).search(domain)
        current = records.filtered("active") if "active" in records else records
        words = {}
        for part in (records - current, current):
            named = part.grouped(lambda r: cells.normalise(r.name))
            words |= _identify(named, "ambiguous_word")
        if "code" in records:
            words |= {cells.normalise(r.code): str(r.id) for r in records}
        return words

    @api.model
    def _get_own_ids(self, owners, model, field):
        """Return the ids of those ``owners`` (sectors or divisions) whose records the user may create and change.

        ``field`` of the records, which are of ``model``, is the owner.
        """
        rules = Domain.AND(
            self.env["ir.rule"]._compute_domain(model, mode)
            for mode in ("create", "write")
        )
        vals = {"company_id": self.env.company.id}
        make = self.env[model].sudo().new
        return {
            owner.id
            for owner in owners
            if make({**vals, field: owner.id}).filtered_domain(rules)
        }


def _identify(words, reason):
    """{word: id as text} of {word: records}, Bad for a word of several records."""
    return {
        word: str(found.id) if len(found) == 1 else cells.Bad(reason)
        for word, found in words.items()
    }


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
            target(name, found[0][1]["string"], "attribute", "properties")
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

        Each row is about a target, or all of an entity's that are the user's own. A row about none of them is a new
        target only of the user's only sector.
        """
        return "sector" not in names and not names.isdisjoint(
            ("target_code", "uscc", "entity_code")
        )

    @api.model
    def _make_converter(self, column):
        if column.kind == "sector":
            return cells.ToChoice(self._get_own_sectors(), "unknown_sector")
        if column.kind != "attribute":
            return super()._make_converter(column)
        by_sector = {
            str(sector.id): self._make_value_converter(definition)
            for sector, definition in self._get_attributes()[column.name]
        }
        to_sector = cells.ToChoice(self._get_words("srsp.sector"))
        return cells.ToAttribute(to_sector, by_sector)

    def _make_value_converter(self, definition):
        """Return a ``Converter`` and what makes of its results the JSON that the ORM would store."""
        options = definition.get("selection") or []
        words = {key: key for key, _label in options}
        words |= {label: key for key, label in options}
        return {
            "char": (cells.ToText(300), json.dumps),
            "text": (cells.ToText(10_000), json.dumps),
            "integer": (
                cells.ToNumber(is_whole=True),
                lambda text: str(int(float(text))),
            ),
            "float": (cells.ToNumber(), lambda text: repr(float(text))),
            "date": (cells.ToDate(cells.NO_END_DAY), json.dumps),
            "boolean": (cells.ToChoice(FLAG_WORDS), str),
            "selection": (cells.ToChoice(words), json.dumps),
        }[definition["type"]]

    def _get_own_sectors(self):
        """The words of the sectors, Bad for those whose targets are not the user's to create and change."""
        own = set(map(str, self._get_own_sector_ids()))
        return {
            word: value
            if isinstance(value, cells.Bad) or value in own
            else cells.Bad("foreign_sector")
            for word, value in self._get_words("srsp.sector").items()
        }

    @api.model
    def _get_own_sector_ids(self):
        """The ids of the company's sectors whose targets the user may create and change."""
        sectors = self.env["srsp.sector"].with_context(active_test=False)
        sectors = sectors.search([("company_id", "=", self.env.company.id)])
        return self._get_own_ids(sectors, TARGET, "sector_id")

    @api.model
    def _get_only_sector_id(self):
        """The one sector whose targets the user may create and change, if there is only one that is not archived."""
        own = self.env["srsp.sector"].browse(self._get_own_sector_ids())
        current = own.filtered("active")
        return current.id if len(current) == 1 else None
