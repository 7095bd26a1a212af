from typing import NamedTuple

from odoo import api, models

from ...tools.tables import cells

FLAGS = {"true": "t yes y 1 是 有 √", "false": "f no n 0 否 无 ×"}
FLAG_WORDS = {w: v for v, words in FLAGS.items() for w in [v, *words.split()]}
# Kinds of several records in one cell.
MANY = ("sectors", "regions", "items", "qualifications", "tags")
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


class Column(NamedTuple):
    """A column of a registry's table. A new field is a row in ``TARGET_COLUMNS`` or ``INSPECTOR_COLUMNS``.

    ``name`` is the column of the staging table and a heading that is always understood.
    ``kind``: text, credit_code, date, until (no date: no end), last_day (9999-12-31: no end), latitude, longitude,
    choice, flag, sector, region, division, one of ``MANY``, or attribute (of a sector's targets).
    ``model`` and ``field`` say where the value goes; without a field it only finds or checks. ``most``: characters.
    ``aliases`` are further headings, as registries of other systems call it.
    """

    name: str
    label: object
    aliases: str = ""
    kind: str = "text"
    model: str = ""
    field: str = ""
    required: bool = False
    most: int = 300


def columns_of(model):
    """Return a function that makes a ``Column`` of ``model``; without ``field``, the field has the column's name."""

    def make(name, label, aliases="", kind="text", field="", **more):
        return Column(name, label, aliases, kind, model, field or name, **more)

    return make


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
        language = self.env.lang or "en_US"
        return [column.label._translate(language) for column in self._get_columns()]

    @api.model
    def _get_headings(self, columns):
        """{normalised heading: column name}; labels and technical names go before attributes, those before aliases."""
        known = {}
        for column in columns:
            for alias in column.aliases.split():
                known.setdefault(cells.normalise(alias), column.name)
        for column in sorted(columns, key=lambda c: c.kind != "attribute"):
            for lang in ("zh_CN", self.env.lang or "en_US", "en_US"):
                known[cells.normalise(column.label._translate(lang))] = column.name
            known[cells.normalise(column.name)] = column.name
        return known

    @api.model
    def _is_extract(self, names):
        """Return whether a file with the columns ``names`` is about known records alone."""
        return False

    @api.model
    def _make_converter(self, column):
        """Return the ``Converter`` of a column's cells."""
        make = {
            "text": lambda: cells.ToText(column.most),
            "credit_code": cells.ToCreditCode,
            "date": cells.ToDate,
            "until": lambda: cells.ToDate("infinity"),
            "last_day": lambda: cells.ToDate(cells.NO_END_DAY),
            "latitude": lambda: cells.ToNumber(-90, 90, 6),
            "longitude": lambda: cells.ToNumber(-180, 180, 6),
            "choice": lambda: cells.ToChoice(self._get_choices(column)),
            "flag": lambda: cells.ToChoice(FLAG_WORDS),
            "region": lambda: cells.ToChoice(self._get_regions(), "unknown_region"),
            "division": lambda: cells.ToChoice(
                self._get_words("srsp.division"), "unknown_division"
            ),
        }
        return make[column.kind]()

    def _get_choices(self, column):
        """{word: value} of a selection: the values, and their labels in every language there is."""
        field = self.env[column.model]._fields[column.field]
        choices = {}
        for lang, _name in self.env["res.lang"].sudo().get_installed():
            env = self.with_context(lang=lang).env
            choices |= {
                label: value for value, label in field._description_selection(env)
            }
        return choices | {value: value for value in field.get_values(self.env)}

    def _get_words(self, model):
        """{normalised name or code: id as text} of the company's records, Bad for a name of several records.

        A code goes before a name, and a current record before an archived one.
        """
        records = self.env[model].with_context(active_test=False)
        records = records.search([("company_id", "=", self.env.company.id)])
        current = records.filtered("active") if "active" in records else records
        words = {}
        for part in (records - current, current):
            for name, named in part.grouped(lambda r: cells.normalise(r.name)).items():
                word = str(named.id) if len(named) == 1 else cells.Bad("ambiguous_word")
                words[name] = word
        if "code" in records:
            words |= {cells.normalise(r.code): str(r.id) for r in records}
        return words

    def _get_regions(self):
        """{word: id as text} of the register of regions, Bad for a word of several regions."""
        words = self.env["srsp.region"]._get_words(self.env.company)
        return {
            word: str(found.id) if len(found) == 1 else cells.Bad("ambiguous_region")
            for word, found in words.items()
        }
