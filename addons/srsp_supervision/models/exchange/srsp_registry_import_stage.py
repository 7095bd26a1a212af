import io
from itertools import islice

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import registry_cells as cells
from ...tools.registry_convert import (
    CellError,
    Field,
    convert,
    copy_statement,
    to_csv,
)
from ...tools.workbook import WorkbookError
from .srsp_registry_columns import TYPES

BLOCKS = 20  # between two looks at how far it is
FLAGS = {"true": "t yes y 1 是 有 √", "false": "f no n 0 否 无 ×"}
FLAG_WORDS = {w: v for v, words in FLAGS.items() for w in [v, *words.split()]}
STAGED = 60  # per cent of the work


class SrspRegistryImport(models.Model):
    """Brings the file's rows into the temporary table ``srsp_import_row`` (row, a typed column per column of the
    registry), and what is wrong with single cells into ``srsp_import_error`` (row, name, value, reason, other).
    """

    _inherit = "srsp.registry.import"

    def _stage(self, table):
        mapping = self._get_mapping()
        places = {c.name: at for c, at in mapping}
        fields = [
            Field(
                c.name,
                at,
                self._make_converter(c),
                c.required,
                places["sector"] if c.kind == "attribute" else None,
            )
            for c, at in mapping
        ]
        self._create_stage()
        rows = copy_statement(
            "srsp_import_row", ["row", *(field.name for field in fields)]
        )
        errors = copy_statement("srsp_import_error", CellError._fields)
        blocks = (block.below(self.header_row) for block in table.blocks())
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
            self._set_progress(table.done * STAGED)
        if not found:
            raise WorkbookError("no_rows")
        self.env.cr.execute("ANALYZE srsp_import_row, srsp_import_error")

    def _create_stage(self):
        columns = SQL(", ").join(
            SQL("%s %s", SQL.identifier(c.name), SQL(TYPES.get(c.kind, "varchar")))
            for c in self._get_columns(self.kind)
        )
        for name in ("row", "error", "good", "entity"):
            table = SQL.identifier(f"srsp_import_{name}")
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", table))
        self.env.cr.execute(
            "SELECT set_config('work_mem', '128MB', true), set_config('default_statistics_target', '10', true)"
        )
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

    def _make_converter(self, column):
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
            "sector": lambda: cells.ToChoice(self._get_own_sectors(), "unknown_sector"),
            "sectors": lambda: cells.ToChoices(
                self._get_words("srsp.sector"), "unknown_sector"
            ),
            "region": lambda: cells.ToChoice(self._get_regions(), "unknown_region"),
            "regions": lambda: cells.ToChoices(self._get_regions(), "unknown_region"),
            "qualifications": lambda: cells.ToChoices(
                self._get_words("srsp.qualification"), "unknown_qualification"
            ),
            "items": lambda: cells.ToChoices(self._get_items(), "unknown_item"),
            "tags": lambda: cells.ToChoices(self._get_words("srsp.tag"), "unknown_tag"),
            "division": lambda: cells.ToChoice(
                self._get_words("srsp.division"), "unknown_division"
            ),
            "attribute": lambda: self._make_attribute_converter(column),
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
        """{normalised name or code: id as text} of the company's records, Bad for a name that several of them have.

        A code goes before a name, and what is archived after what is not.
        """
        company = self.company_id or self.env.company
        records = self.env[model].with_context(active_test=False)
        records = records.search([("company_id", "=", company.id)])
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
        """The words of the register of regions, Bad for those that several regions go by."""
        company = self.company_id or self.env.company
        words = self.env["srsp.region"]._get_words(company)
        return {
            word: str(found.id) if len(found) == 1 else cells.Bad("ambiguous_region")
            for word, found in words.items()
        }

    def _get_items(self):
        """The words of the items in force: their codes, and the names that only one of them has."""
        company = self.company_id or self.env.company
        items = self.env["srsp.item"].search(
            [("list_id.is_in_force", "=", True), ("company_id", "=", company.id)]
        )
        words = {
            name: str(named.id) if len(named) == 1 else cells.Bad("ambiguous_word")
            for name, named in items.grouped("name").items()
        }
        return words | {item.code: str(item.id) for item in items}

    def _get_own_sectors(self):
        """The words of the sectors, Bad for those whose targets are not the user's to create and change."""
        words = self._get_words("srsp.sector")
        own = set()
        rules = Domain.AND(
            self.env["ir.rule"]._compute_domain("srsp.target", mode)
            for mode in ("create", "write")
        )
        known = {value for value in words.values() if not isinstance(value, cells.Bad)}
        for value in known:
            target = self.env["srsp.target"].sudo().new({"sector_id": int(value)})
            if target.filtered_domain(rules):
                own.add(value)
        foreign = dict.fromkeys(known - own, cells.Bad("foreign_sector"))
        return {word: foreign.get(value, value) for word, value in words.items()}


class _Feed:
    """A file of converted rows, made while PostgreSQL takes in those before them; bad cells are kept in ``bad``."""

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
        except Exception as error:  # to the driver it would be an error of the database
            self.error = error
        return ""

    read = _make  # as COPY calls it
