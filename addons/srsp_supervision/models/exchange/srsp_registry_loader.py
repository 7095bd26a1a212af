import io
from itertools import islice

from odoo import api, models
from odoo.tools import SQL

from ...tools import clock
from ...tools.sql import set_local
from ...tools.tables.cells import CellError, Field, convert, copy_statement, to_csv
from ...tools.workbook import WorkbookError
from .srsp_registry_table import TYPES

BLOCKS = 20  # between two updates of the progress
# Per cent of the work that is done after a step.
STAGED, CHECKED = 60, 65


class SrspRegistryLoader(models.AbstractModel):
    """Brings the rows of a file into one registry, in temporary tables and by SQL.

    ``_stage``, ``_check`` and ``_load``, in this order, each take the import: its file goes into ``srsp_import_row``
    (row, a typed column per column of the registry), what is wrong with cells and rows into ``srsp_import_error``
    (row, column, value, reason, other), the rows to load into ``srsp_import_good`` (row, target_id, target_moves,
    entity_moves). ``srsp.registry.loader.target`` and ``srsp.registry.loader.inspector`` are the two there are; the
    environment is that of the import's user and company.
    """

    _name = "srsp.registry.loader"
    _description = "Import into a registry"

    @api.model
    def _stage(self, record, file):
        """Copy the rows below the headings of ``file`` into the staging tables.

        :raises WorkbookError: ``no_rows``, or what reading the file raises
        """
        table, mapping = record._get_table(), record._get_mapping()
        places = {c.name: at for c, at in mapping}
        fields = [
            Field(
                c.name,
                at,
                table._make_converter(c),
                c.required,
                places["sector"] if c.kind == "attribute" else None,
            )
            for c, at in mapping
        ]
        self._create_stage(table)
        rows = copy_statement(
            "srsp_import_row", ["row", *(field.name for field in fields)]
        )
        errors = copy_statement("srsp_import_error", CellError._fields)
        blocks = (block.below(record.header_row) for block in file.blocks())
        found = False
        while True:
            feed = _Feed(convert(block, fields) for block in islice(blocks, BLOCKS))
            self.env.cr.copy_expert(rows, feed)
            if feed.error:
                raise feed.error
            if feed.is_empty:
                break
            self.env.cr.copy_expert(errors, io.StringIO(to_csv(feed.bad)))
            found = found or feed.has_rows or bool(feed.bad)
            record._set_progress(file.done * STAGED)
        if not found:
            raise WorkbookError("no_rows")
        self.env.cr.execute("ANALYZE srsp_import_row, srsp_import_error")

    def _create_stage(self, table):
        columns = SQL(", ").join(
            SQL("%s %s", SQL.identifier(c.name), SQL(TYPES.get(c.kind, "varchar")))
            for c in table._get_columns()
        )
        for name in ("row", "error", "good", "entity"):
            temporary = SQL.identifier(f"srsp_import_{name}")
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", temporary))
        set_local(self.env.cr, work_mem="128MB", default_statistics_target="10")
        self.env.cr.execute(
            SQL(
                "CREATE TEMP TABLE srsp_import_row (row integer, %s) ON COMMIT DROP",
                columns,
            )
        )
        self.env.cr.execute(
            'CREATE TEMP TABLE srsp_import_error (row integer, "column" varchar, value varchar,'
            " reason varchar, other integer) ON COMMIT DROP"
        )

    @api.model
    def _check(self, record):
        """Fill ``srsp_import_good`` and count the rows on the import; nothing in the registry changes."""
        self._check_rows(record)
        self._count_rows(record.sudo())
        record._set_progress(CHECKED)

    def _check_rows(self, record):
        """Match the staged rows with the registry, and add what is wrong with rows as a whole to the errors."""
        raise NotImplementedError

    @api.model
    def _load(self, record):
        """Write the good rows into the registry."""
        raise NotImplementedError

    def _count_rows(self, record):
        """Set the counts of the import, before anything is loaded."""
        record.write({**self._get_counts(), "missing_target_ids": False})
        record.missing_count = self._list_missing(record)

    def _get_counts(self):
        """Return the counts of ``srsp_import_good``, by the names of the import's fields."""
        self.env.cr.execute(
            """
            SELECT (SELECT count(DISTINCT row) FROM (SELECT row FROM srsp_import_row
                    UNION SELECT row FROM srsp_import_error) every),
                   (SELECT count(DISTINCT row) FROM srsp_import_error),
                   count(*) FILTER (WHERE target_id IS NULL),
                   count(*) FILTER (WHERE target_id IS NOT NULL AND (target_moves OR entity_moves)),
                   count(*) FILTER (WHERE target_id IS NOT NULL AND NOT (target_moves OR entity_moves))
              FROM srsp_import_good
            """
        )
        names = (
            "row_count bad_count created_count updated_count unchanged_count".split()
        )
        return {**dict(zip(names, self.env.cr.fetchone())), "proposed_count": 0}

    def _list_missing(self, record):
        """List on the import the records that a whole registry's file lacks; return how many there are."""
        return 0

    def _run_sql(self, statement, **parts):
        parts = {
            "company": self.env.company.id,
            "uid": self.env.uid,
            "now": self.env.cr.now(),
            "today": clock.today(),
            **parts,
        }
        self.env.cr.execute(SQL(statement, **parts))


class _Feed:
    """A file of converted rows, converted while PostgreSQL reads those before them; ``bad`` holds the bad cells."""

    def __init__(self, converted):
        self.converted = converted
        self.bad = []
        self.has_rows = False
        self.is_empty = True
        self.error = None

    def _make(self, _size):
        try:
            for good, bad in self.converted:
                self.is_empty = False
                self.bad += bad
                if good:
                    self.has_rows = True
                    return to_csv(good)
        except Exception as error:  # the driver would report an error of the database
            self.error = error
        return ""

    read = _make  # as COPY calls it
