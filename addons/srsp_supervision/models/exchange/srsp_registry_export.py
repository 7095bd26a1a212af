import csv
import io

from odoo import api, models
from odoo.tools import SQL

from ...tools import clock
from ...tools.registry_cells import normalise, split_words
from ...tools.registry_file import quote
from ...tools.registry_sheet import Heading, SheetWriter, write_template
from ..staff.srsp_inspector_personal import PERSONAL
from .srsp_registry_columns import ENTITY, INSPECTOR, MANY, TYPES
from .srsp_registry_import_words import NOTES

FETCH_ROWS = 2_000
BOM = "\ufeff"  # without it, Excel takes a .csv for another encoding
CURSOR = "srsp_registry_export"


class SrspRegistryImport(models.Model):
    """The registries as files, in the columns that an import understands; nobody's identity number is among them."""

    _inherit = "srsp.registry.import"

    @api.model
    def _get_export_name(self, kind):
        label = dict(self._fields["kind"]._description_selection(self.env))[kind]
        return f"{label} {clock.today()}"

    @api.model
    def _get_template_name(self, kind):
        label = dict(self._fields["kind"]._description_selection(self.env))[kind]
        return self.env._("Template: %(registry)s", registry=label)

    @api.model
    def _get_export_labels(self, kind):
        language = self.env.lang or "en_US"
        return [column.label._translate(language) for column in self._get_columns(kind)]

    @api.model
    def _read_registry(self, kind):
        """Yield the rows that the user may read, from a cursor in the database.

        The translated words of a selection are the ones an import in the same language understands.
        """
        query = self._get_export_sql(kind)
        self.env.cr.execute(
            SQL("DECLARE %s NO SCROLL CURSOR FOR %s", SQL(CURSOR), query)
        )
        rows = True
        while rows:
            self.env.cr.execute(SQL("FETCH %s FROM %s", FETCH_ROWS, SQL(CURSOR)))
            rows = self.env.cr.fetchall()
            yield from rows
        self.env.cr.execute(SQL("CLOSE %s", SQL(CURSOR)))

    def _get_export_sql(self, kind):
        model = self.env[f"srsp.{kind}"].with_context(active_test=False)
        order = "code" if kind == "target" else "staff_number"
        query = model._search([], order=order)
        columns = [self._get_column_sql(column) for column in self._get_columns(kind)]
        entity = SQL("JOIN srsp_entity entity ON entity.id = record.entity_id")
        return SQL(
            "SELECT %s FROM %s record %s WHERE record.id IN %s ORDER BY record.%s",
            SQL(", ").join(columns),
            SQL.identifier(model._table),
            entity if kind == "target" else SQL(),
            query.subselect(),
            SQL.identifier(order),
        )

    def _get_column_sql(self, column):
        if column.name == "target_code":
            return SQL("record.code")
        if column.name == "entity_code":
            return SQL("CASE WHEN entity.uscc IS NULL THEN entity.code END")
        if column.kind == "division":
            return self._get_word_sql("srsp.division", SQL("record.division_id"))
        if column.kind == "attribute":
            return self._get_attribute_sql(column)
        value = SQL.identifier(
            "entity" if column.model == ENTITY else "record", column.field
        )
        field = self.env[column.model]._fields[column.field]
        if column.kind in MANY:
            return self._get_words_sql(column, field)
        if column.kind == "region":
            return SQL("(SELECT label FROM srsp_region WHERE id = %s)", value)
        if column.model == INSPECTOR and column.field in PERSONAL:
            value = self._get_personal_sql(column)
        if column.kind == "sector":
            return self._get_word_sql("srsp.sector", value)
        if column.kind == "choice":
            labels = field._description_selection(self.env)
            cases = SQL(" ").join(
                SQL("WHEN %s THEN %s", key, label) for key, label in labels
            )
            return SQL("CASE %s %s END", value, cases)
        if column.kind == "flag":
            return SQL(
                "CASE WHEN %s THEN %s ELSE %s END",
                value,
                self.env._("Yes"),
                self.env._("No"),
            )
        if column.kind in ("latitude", "longitude"):
            return SQL("nullif(%s, 0)::float", value)
        return value

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

    def _get_personal_sql(self, column):
        """SQL of personal data of inspectors, empty where it is not for the user."""
        value = SQL("record.personal_data->>%s", column.field)
        user = self.env.user
        if self.env["srsp.inspector"]._sees_all_personal():
            return value
        return SQL(
            "CASE WHEN record.user_id = %s OR record.division_id IN %s THEN %s END",
            user.id,
            tuple(user.srsp_division_ids.ids) or (0,),
            value,
        )

    def _get_word_sql(self, model, value):
        """SQL of what a sector or division is called: its name, or its code where an import would misread the name."""
        records = self.env[model].sudo().with_context(active_test=False)
        records = records.search([("company_id", "in", self.env.companies.ids)])
        alike = records.grouped(lambda r: (r.company_id, normalise(r.name)))
        codes = {(r.company_id, normalise(r.code)) for r in records}
        words = []
        for key, same in alike.items():
            for record in same:
                is_clear = len(same) == len(split_words(record.name)) == 1
                is_clear = is_clear and key not in codes
                words.append((record.id, record.name if is_clear else record.code))
        cases = SQL(" ").join(SQL("WHEN %s THEN %s", *word) for word in words)
        return SQL("CASE %s %s END", value, cases) if words else SQL("NULL")

    @api.model
    def _write_export(self, kind, path):
        """Write the registry to the workbook ``path``; a sheet that is full goes on in the next one."""
        with SheetWriter(path) as sheet:
            sheet.add_header(self._get_export_labels(kind))
            for row in self._read_registry(kind):
                sheet.add_row(row)

    @api.model
    def _stream_csv(self, kind):
        """Yield the registry as a text file in UTF-8, piece by piece."""
        buffer = io.StringIO(BOM)
        buffer.seek(1)
        writer = csv.writer(buffer)
        writer.writerow(map(quote, self._get_export_labels(kind)))
        for number, row in enumerate(self._read_registry(kind)):
            writer.writerow(map(quote, row))
            if number % FETCH_ROWS == 0:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()

    @api.model
    def _write_template(self, kind, path):
        """Write an empty workbook: headings, a note on each, and lists to choose from.

        Of the attributes of sectors it has those that the user fills in.
        """
        language = self.env.lang or "en_US"
        own = self._get_own_attributes() if kind == "target" else {}
        headings = []
        for column in self._get_columns(kind):
            if column.kind == "attribute":
                if column.name not in own:
                    continue
                note, is_date, words = self._describe_attribute(own[column.name])
            else:
                note = NOTES[column.kind]._translate(language)
                is_date = TYPES.get(column.kind) == "date"
                words = self._get_words_shown(column)
            if column.required:
                note = self.env._("Required. %(note)s", note=note)
            label = column.label._translate(language)
            headings.append(Heading(label, note, is_date, words))
        write_template(path, headings, self.env._("Known Values"))

    def _get_words_shown(self, column):
        """What a cell of the column may hold, where that is one of a few words."""
        if column.kind == "choice":
            field = self.env[column.model]._fields[column.field]
            return [label for _value, label in field._description_selection(self.env)]
        if column.kind == "flag":
            return [self.env._("Yes"), self.env._("No")]
        models = {
            "sector": "srsp.sector",
            "division": "srsp.division",
            "region": "srsp.region",
        }
        if column.kind in models:
            domain = [("company_id", "=", self.env.company.id)]
            return self.env[models[column.kind]].search(domain).mapped("display_name")
        return []
