import codecs
import csv
import io
import itertools

from odoo import api, models
from odoo.tools import SQL, split_every

from ...tools import clock
from ...tools.sql import stream
from ...tools.tables import cells
from ...tools.tables.text import quote
from ...tools.tables.writer import Heading, SheetWriter, write_template
from .srsp_registry_import_report import NOTES
from .srsp_registry_sql import case
from .srsp_registry_table import ENTITY, KINDS, MANY, ONE, TYPES, translate

CSV_ROWS = 2_000  # in a piece of text
# A number in JSON; anything else, or a number beyond 1e15, is left out.
NUMBER = (
    "CASE WHEN jsonb_typeof(%(value)s) = 'number' AND abs((%(value)s)::numeric) < 1e15"
    " THEN (%(value)s)::%(type)s END"
)
TEXT = "CASE WHEN jsonb_typeof(%(value)s) = 'string' THEN %(value)s #>> '{}' END"


class SrspRegistryTable(models.AbstractModel):
    """The registry as a file, in the columns that an import understands, without identity numbers."""

    _inherit = "srsp.registry.table"

    @api.model
    def _get_export_name(self):
        return f"{self._get_name()} {clock.today()}"

    @api.model
    def _get_template_name(self):
        return self.env._("Template: %(registry)s", registry=self._get_name())

    def _get_name(self):
        kinds = self.env["srsp.registry.import"]._fields["kind"]
        return dict(kinds._description_selection(self.env))[self._kind]

    @api.model
    def _read_rows(self):
        """Iterate over the rows that the user may read, by a cursor of the server.

        The translated words of a selection are the ones an import in the same language understands.
        """
        return stream(self.env.cr, self._get_export_sql())

    def _get_export_sql(self):
        records = self.env[self._model].with_context(active_test=False)
        return SQL(
            "SELECT %s FROM %s WHERE record.id IN %s ORDER BY record.%s",
            SQL(", ").join(map(self._get_column_sql, self._get_columns())),
            self._get_from_sql(),
            records._search([]).subselect(),
            SQL.identifier(self._code),
        )

    def _get_from_sql(self):
        return SQL("%s record", SQL.identifier(self.env[self._model]._table))

    def _get_column_sql(self, column):
        """SQL of a column's value in an export; the table's record is ``record``."""
        if column.kind == "division":
            return self._get_word_sql("srsp.division", SQL("record.division_id"))
        field = self.env[column.model]._fields[column.field]
        if column.kind in MANY:
            return self._get_words_sql(column, field)
        value = self._get_value_sql(column)
        if column.kind == "region":
            return SQL("(SELECT label FROM srsp_region WHERE id = %s)", value)
        if column.kind == "sector":
            return self._get_word_sql("srsp.sector", value)
        if column.kind == "choice":
            return case(value, field._description_selection(self.env))
        if column.kind == "flag":
            return case(value, [(True, self.env._("Yes"))], self.env._("No"))
        if column.kind in ("latitude", "longitude"):
            return SQL("nullif(%s, 0)::float", value)
        return value

    def _get_value_sql(self, column):
        return SQL.identifier(
            "entity" if column.model == ENTITY else "record", column.field
        )

    def _get_words_sql(self, column, field):
        """SQL of several records in one cell, each as an import finds it."""
        words = {
            "sectors": self._get_word_sql("srsp.sector", SQL("other.id")),
            "regions": SQL("other.label"),
            "items": SQL("other.code"),
        }
        return SQL(
            "(SELECT string_agg(%s, '、' ORDER BY other.name) FROM %s rel JOIN %s other ON other.id = rel.%s"
            " WHERE rel.%s = %s.id)",
            words.get(column.kind, SQL("other.name")),
            SQL.identifier(field.relation),
            SQL.identifier(self.env[field.comodel_name]._table),
            SQL.identifier(field.column2),
            SQL.identifier(field.column1),
            SQL("entity" if column.model == ENTITY else "record"),
        )

    def _get_word_sql(self, model, value):
        """SQL of the name of a sector or division, or its code where an import would misread the name."""
        records = self.env[model].sudo().with_context(active_test=False)
        records = records.search([("company_id", "in", self.env.companies.ids)])
        alike = records.grouped(lambda r: (r.company_id, cells.normalise(r.name)))
        codes = {(r.company_id, cells.normalise(r.code)) for r in records}
        words = []
        for key, same in alike.items():
            for record in same:
                is_clear = len(same) == len(cells.split_words(record.name)) == 1
                is_clear = is_clear and key not in codes
                words.append((record.id, record.name if is_clear else record.code))
        return case(value, words)

    @api.model
    def _write_export(self, path):
        """Write the registry to the workbook ``path``; a sheet that is full goes on in the next one."""
        with SheetWriter(path) as sheet:
            sheet.add_header([*self._get_labels().values()])
            for row in self._read_rows():
                sheet.add_row(row)

    @api.model
    def _stream_csv(self):
        """Yield the registry as a text file in UTF-8, piece by piece."""
        yield codecs.BOM_UTF8  # without it, Excel takes a .csv for another encoding
        rows = itertools.chain([self._get_labels().values()], self._read_rows())
        for batch in split_every(CSV_ROWS, rows):
            buffer = io.StringIO()
            csv.writer(buffer).writerows(map(quote, row) for row in batch)
            yield buffer.getvalue().encode()

    @api.model
    def _write_template(self, path):
        """Write an empty workbook: headings, a note on each, and lists to choose from."""
        headings = map(self._make_heading, self._get_columns())
        write_template(path, filter(None, headings), self.env._("Allowed Values"))

    def _make_heading(self, column):
        """Return the ``Heading`` of a column of a template, None for one that the user does not fill in."""
        label = translate(self.env, column.label)
        note = translate(self.env, NOTES[column.kind])
        if column.required:
            note = self.env._("Required. %(note)s", note=note)
        is_date = TYPES[column.kind] == "date"
        return Heading(label, note, is_date, self._get_words_shown(column))

    def _get_words_shown(self, column):
        """Return the words to choose from in a cell of the column, none for free text."""
        if column.kind == "choice":
            field = self.env[column.model]._fields[column.field]
            return [label for _value, label in field._description_selection(self.env)]
        if column.kind == "flag":
            return [self.env._("Yes"), self.env._("No")]
        if column.kind in ONE:
            domain = [("company_id", "=", self.env.company.id)]
            records = self.env[f"srsp.{column.kind}"].search(domain)
            return records.mapped("display_name")
        return []


class SrspRegistryTableTarget(models.AbstractModel):
    _inherit = "srsp.registry.table.target"

    def _get_from_sql(self):
        return SQL(
            "%s JOIN srsp_entity entity ON entity.id = record.entity_id",
            super()._get_from_sql(),
        )

    def _get_column_sql(self, column):
        if column.name == "target_code":
            return SQL("record.code")
        if column.name == "entity_code":
            return SQL("CASE WHEN entity.uscc IS NULL THEN entity.code END")
        if column.kind == "attribute":
            return self._get_attribute_sql(column)
        return super()._get_column_sql(column)

    def _get_attribute_sql(self, column):
        """SQL of a column of attributes: for each sector its own."""
        found = self._get_attributes()[column.name]
        types = {definition["type"] for _sector, definition in found}
        form = "%s" if types <= {"integer", "float"} else "(%s)::text"
        pairs = [
            (sector.id, SQL(form, self._get_property_sql(d))) for sector, d in found
        ]
        return case(SQL("record.sector_id"), pairs)

    def _get_property_sql(self, definition):
        value = SQL("record.properties->%s", definition["name"])
        kind = definition["type"]
        if kind in ("integer", "float"):
            number = SQL("bigint" if kind == "integer" else "float")
            return SQL(NUMBER, value=value, type=number)
        if kind not in ("boolean", "selection"):
            return SQL(TEXT, value=value)
        words = definition.get("selection") or []
        if kind == "boolean":
            words = {"true": self.env._("Yes"), "false": self.env._("No")}.items()
        return case(SQL("%s #>> '{}'", value), words)

    def _make_heading(self, column):
        if column.kind != "attribute":
            return super()._make_heading(column)
        own = self._get_own_sector_ids()
        found = self._get_attributes()[column.name]
        pairs = [(sector, values) for sector, values in found if sector.id in own]
        if not pairs:
            return None
        kinds = {KINDS[definition["type"]] for _sector, definition in pairs}
        note = self.env._(
            "Of %(sectors)s. %(note)s",
            sectors="、".join(sector.name for sector, _definition in pairs),
            note=" ".join(translate(self.env, NOTES[kind]) for kind in sorted(kinds)),
        )
        words = []
        if kinds == {"flag"}:
            words = [self.env._("Yes"), self.env._("No")]
        elif kinds <= {"choice", "flag"}:
            options = [values.get("selection") or () for _sector, values in pairs]
            words = dict.fromkeys(label for pair in options for _key, label in pair)
        return Heading(column.label, note, kinds == {"date"}, list(words))
