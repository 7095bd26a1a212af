from odoo import fields, models
from odoo.tools import SQL

from ...tools.registry_convert import show
from . import srsp_registry_import_sql as sql
from .srsp_registry_columns import TARGET_COLUMNS
from .srsp_registry_import_sql import ENTITY_VALUES, TARGET_VALUES

MOST_CHANGES = 50  # on the form


class SrspRegistryImportChange(models.Model):
    """A value that an import changes; the form shows the first ``MOST_CHANGES``."""

    _name = "srsp.registry.import.change"
    _description = "Change by an import"
    _order = "row, id"
    _rec_name = "label"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    row = fields.Integer(readonly=True)
    code = fields.Char(readonly=True, help="Of the target, or of the entity.")
    label = fields.Char("Column", readonly=True)
    old = fields.Char("Before", readonly=True)
    new = fields.Char("After", readonly=True)


class SrspRegistryImport(models.Model):
    _inherit = "srsp.registry.import"

    def _show_changes(self):
        """Keep the first values that change, as the user reads them."""
        cells = [
            SQL(
                "(%s, %s, %s, %s, %s AND (%s))",
                place,
                column.name,
                sql.shown(column, sql.stored(column, alias)),
                sql.shown(column, SQL.identifier("r", column.name)),
                SQL.identifier("r", moving),
                sql.moves([column], alias),
            )
            for alias, moving, columns in (
                ("e", "entity_moves", ENTITY_VALUES),
                ("t", "target_moves", TARGET_VALUES),
            )
            for place, column in enumerate(columns)
        ]
        self._run_sql(sql.CHANGES, cells=SQL(", ").join(cells), most=MOST_CHANGES)
        found = self.env.cr.fetchall()
        columns = {column.name: column for column in TARGET_COLUMNS}
        attributes = {
            definition["name"]: definition
            for pairs in self._get_attributes().values()
            for _sector, definition in pairs
        }
        changes = []
        for row, code, name, *values in found:
            if name in columns:
                label = columns[name].label._translate(self.env.lang or "en_US")
                words = self._get_value_words(columns[name])
            else:
                label = attributes[name]["string"]
                words = self._get_attribute_words(attributes[name])
            old, new = (show(words.get(value, value) or "") for value in values)
            changes.append(
                {"row": row, "code": code, "label": label, "old": old, "new": new}
            )
        self.sudo().change_ids = [(5, 0, 0), *((0, 0, vals) for vals in changes)]

    def _get_value_words(self, column):
        """{value as text: what the user reads}, where a column has words for its values."""
        if column.kind == "choice":
            field = self.env[column.model]._fields[column.field]
            return dict(field._description_selection(self.env))
        if column.kind == "until":
            return {"infinity": self.env._("No end")}
        return self._get_flag_words() if column.kind == "flag" else {}

    def _get_attribute_words(self, definition):
        if definition["type"] == "boolean":
            return self._get_flag_words()
        return dict(definition.get("selection") or ())

    def _get_flag_words(self):
        no = self.env._("No")
        return {"true": self.env._("Yes"), "false": no, None: no}

    def _keep_tracking(self, model, columns, rows):
        """Leave what tracking leaves of a write: on every changed record a note with the fields' values.

        :param rows: SQL of (record_id, the ``columns`` by name) as they will be
        """
        tracked = self.env[model]._track_get_fields()
        columns = [column for column in columns if column.field in tracked]
        self._run_sql(
            sql.TRACK,
            rows=rows,
            table=SQL.identifier(self.env[model]._table),
            cells=SQL(", ").join(map(self._get_tracking_sql, columns)),
        )
        self.env.cr.execute("SELECT min(res_id) FROM srsp_import_tracked")
        [first] = self.env.cr.fetchone()
        if not first:
            return
        note = (
            self.env[model]
            .browse(first)
            ._message_log(
                body=self.env._(
                    "Import of “%(file)s” from %(origin)s",
                    file=self.file_name or "",
                    origin=self.source,
                )
            )
        )
        names = [
            field.name
            for field in note._fields.values()
            if field.store and field.column_type and field.name not in ("id", "res_id")
        ]
        values = [
            SQL("m.%s", SQL.identifier(name))
            if name != "message_id"
            else sql.OWN_MESSAGE_ID
            for name in names
        ]
        self.env.flush_all()
        self._run_sql(
            sql.KEEP_NOTES,
            first=note.id,
            names=SQL(", ").join(map(SQL.identifier, names)),
            values=SQL(", ").join(values),
        )

    def _get_tracking_sql(self, column):
        """How mail.tracking.value holds a column of ``old`` and what becomes of it: text, day or flag."""
        field = self.env[column.model]._fields[column.field]
        pair = [
            SQL.identifier("old", column.field),
            sql.becomes(column, "r", "old"),
        ]
        texts = days = flags = [SQL("NULL")] * 2
        if field.type == "date":
            days = [SQL("%s::timestamp", value) for value in pair]
        elif field.type == "boolean":
            flags = [SQL("coalesce(%s, FALSE)::integer", value) for value in pair]
        elif field.type == "selection":
            cases = SQL(" ").join(
                SQL("WHEN %s THEN %s", key, label)
                for key, label in field._description_selection(self.env)
            )
            texts = [SQL("CASE %s %s ELSE '' END", value, cases) for value in pair]
        elif field.type == "many2one":
            texts, flags = [sql.shown(column, value) for value in pair], pair
        else:
            texts = pair
        return SQL(
            "(%s, %s::varchar, %s::varchar, %s::timestamp, %s::timestamp, %s::integer, %s::integer, %s)",
            self.env["ir.model.fields"]._get(column.model, column.field).id,
            *texts,
            *days,
            *flags,
            sql.moves([column], "old"),
        )
