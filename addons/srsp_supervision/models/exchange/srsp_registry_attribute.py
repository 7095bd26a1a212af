"""What sectors want to know of their targets, as further columns of the table of targets."""

import hashlib
import json
import math

from odoo import api, models
from odoo.tools import SQL

from ...tools import registry_cells as cells
from .srsp_registry_columns import COLUMNS, TARGET, Column
from .srsp_registry_import_stage import FLAG_WORDS
from .srsp_registry_import_words import NOTES

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
# A number as it stands in JSON; what is no number, or beyond all measure, is left out.
NUMBER = (
    "CASE WHEN jsonb_typeof(%(value)s) = 'number' AND abs((%(value)s)::numeric) < 1e15"
    " THEN (%(value)s)::%(type)s END"
)


class Words(str):
    """What the bureau calls something: the same in every language."""

    def _translate(self, _language):
        return str(self)


class SrspRegistryImport(models.Model):
    """Attributes of the same label are one column, whatever sectors they belong to; a row's sector says which is meant.

    In the staging table such a column holds JSON, in ``srsp_import_good`` all of a row's stand in ``properties``.
    """

    _inherit = "srsp.registry.import"

    @api.model
    def _get_columns(self, kind):
        """The columns that the registry has here: those of every registry, then the attributes of the sectors."""
        if kind != "target":
            return COLUMNS[kind]
        return COLUMNS[kind] + [
            Column(
                name, Words(found[0][1]["string"]), TARGET, "properties", "attribute"
            )
            for name, found in self._get_attributes().items()
        ]

    @api.model
    def _get_attributes(self):
        """{name of the column: [(sector, definition of the property)]}"""
        companies = self.company_id or self.env.companies
        sectors = self.env["srsp.sector"].search([("company_id", "in", companies.ids)])
        found = {}
        for sector in sectors:
            for definition in sector.target_properties_definition or ():
                if definition["type"] in KINDS and definition.get("string"):
                    label = cells.normalise(definition["string"]).encode()
                    # PostgreSQL cuts long names of columns.
                    name = f"attribute_{hashlib.sha256(label).hexdigest()[:16]}"
                    found.setdefault(name, []).append((sector, definition))
        return found

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

    def _get_given_sql(self):
        """SQL of what a row ``r`` says of the attributes of its sector; NULL where it says nothing."""
        attributes, by_sector = self._get_attributes(), {}
        for column, _place in self._get_mapping():
            for sector, definition in attributes.get(column.name, ()):
                pair = SQL(
                    "(%s, r.%s::jsonb)", definition["name"], SQL.identifier(column.name)
                )
                by_sector.setdefault(sector.id, []).append(pair)
        if not by_sector:
            return SQL("NULL::jsonb")
        cases = [
            SQL(
                "WHEN %s THEN (SELECT jsonb_object_agg(name, value) FROM (VALUES %s) pair (name, value)"
                " WHERE value IS NOT NULL)",
                sector_id,
                SQL(", ").join(pairs),
            )
            for sector_id, pairs in by_sector.items()
        ]
        return SQL("CASE r.sector %s END", SQL(" ").join(cases))

    def _get_attribute_sql(self, column):
        """SQL of a column of the export: of each sector that has the attribute its own."""
        found = self._get_attributes()[column.name]
        types = {definition["type"] for _sector, definition in found}
        as_number = types <= {"integer", "float"}
        cases = []
        for sector, definition in found:
            value = self._get_value_sql(definition)
            cases.append(
                SQL(
                    "WHEN %s THEN %s",
                    sector.id,
                    value if as_number else SQL("(%s)::text", value),
                )
            )
        return SQL("CASE record.sector_id %s END", SQL(" ").join(cases))

    def _get_value_sql(self, definition):
        value = SQL("record.properties->%s", definition["name"])
        kind = definition["type"]
        if kind in ("integer", "float"):
            number = SQL("bigint" if kind == "integer" else "float")
            return SQL(NUMBER, value=value, type=number)
        if kind == "boolean":
            yes, no = self.env._("Yes"), self.env._("No")
            words = [("true", yes), ("false", no)]
        elif kind == "selection":
            words = definition.get("selection") or []
        else:
            return SQL(
                "CASE WHEN jsonb_typeof(%s) = 'string' THEN %s #>> '{}' END",
                value,
                value,
            )
        if not words:
            return SQL("NULL")
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", key, label) for key, label in words
        )
        return SQL("CASE %s #>> '{}' %s END", value, cases)

    def _get_own_attributes(self):
        """``_get_attributes`` of the sectors whose targets are the user's to create and change."""
        own = {
            v for v in self._get_own_sectors().values() if not isinstance(v, cells.Bad)
        }
        found = {
            name: [pair for pair in pairs if str(pair[0].id) in own]
            for name, pairs in self._get_attributes().items()
        }
        return {name: pairs for name, pairs in found.items() if pairs}

    def _describe_attribute(self, pairs):
        """(how to fill in a cell, whether it holds a date, the words to choose from)"""
        kinds = {KINDS[definition["type"]] for _sector, definition in pairs}
        note = " ".join(
            NOTES[kind]._translate(self.env.lang or "en_US") for kind in sorted(kinds)
        )
        words = {
            label: None
            for _sector, definition in pairs
            for _key, label in definition.get("selection") or ()
        }
        if kinds == {"flag"}:
            words = [self.env._("Yes"), self.env._("No")]
        sectors = "、".join(sector.name for sector, _definition in pairs)
        note = self.env._("Of %(sectors)s. %(note)s", sectors=sectors, note=note)
        return (
            note,
            kinds == {"date"},
            list(words) if kinds <= {"choice", "flag"} else [],
        )
