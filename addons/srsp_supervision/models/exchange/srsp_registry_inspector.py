"""The registry of inspectors: its columns, and how their rows are loaded."""

import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ...tools.sql import copy_rows
from ...tools.tables.cells import CellError
from ..staff.srsp_inspector_certificate import OFFICIAL
from ..staff.srsp_inspector_personal import PERSONAL
from .srsp_registry_sql import REMOVE_BAD
from .srsp_registry_table import MANY, columns_of

_lt = LazyTranslate(__name__)
INSPECTOR = "srsp.inspector"
column = columns_of("inspector", INSPECTOR)
INSPECTOR_COLUMNS = [
    column("staff_number", _lt("Staff Number"), required=True),
    column("name", _lt("Full Name"), required=True),
    column("pool_kind", _lt("Pool"), "choice"),
    column("division", _lt("Division"), "division", field="division_id", required=True),
    column("sectors", _lt("Sectors"), "sectors", field="sector_ids"),
    column("regions", _lt("Regions"), "regions", field="region_ids"),
    column("certificate_number", _lt("Enforcement Certificate"), "phone"),
    column("certificate_valid_until", _lt("Certificate Valid Until"), "last_day"),
    column("on_duty", _lt("On Duty"), "flag"),
    column("items", _lt("Item Scope"), "items", field="item_ids"),
    column(
        "qualifications",
        _lt("Qualifications"),
        "qualifications",
        field="qualification_ids",
    ),
    column("sex", _lt("Sex"), "choice"),
    column("mobile", _lt("Mobile"), "phone"),
    column("education", _lt("Education"), "choice"),
    column("education_field", _lt("Field of Study")),
    column("title", _lt("Professional Title")),
    column("post", _lt("Post")),
    column("post_since", _lt("In Post Since"), "date"),
    column("expertise", _lt("Field of Expertise")),
    column("employer", _lt("Employer")),
]
CERTIFICATE = ("certificate_number", "certificate_valid_until")


class SrspRegistryTableInspector(models.AbstractModel):
    """The table of inspectors."""

    _name = "srsp.registry.table.inspector"
    _description = "Inspectors"
    _inherit = "srsp.registry.table"

    _kind = "inspector"
    _model = INSPECTOR
    _code = "staff_number"

    @api.model
    def _get_columns(self):
        return INSPECTOR_COLUMNS

    def _get_certificate_sql(self):
        """SQL of the number of the longest certificate among those that the user may read."""
        domain = [("kind", "in", OFFICIAL), ("valid_until", "!=", False)]
        readable = self.env["srsp.inspector.certificate"]._search(domain)
        return SQL(
            """(SELECT number FROM srsp_inspector_certificate WHERE inspector_id = record.id AND id IN %s
             ORDER BY valid_until DESC, id DESC LIMIT 1)""",
            readable.subselect(),
        )

    def _get_value_sql(self, column):
        """SQL of a value, empty where personal data are not for the user."""
        if column.field == "certificate_number":
            return self._get_certificate_sql()
        if column.field not in PERSONAL:
            return super()._get_value_sql(column)
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


class SrspRegistryLoaderInspector(models.AbstractModel):
    """Inspectors, row by row through the ORM: they are few, and every change of their pool is guarded."""

    _name = "srsp.registry.loader.inspector"
    _description = "Import into a registry"
    _inherit = "srsp.registry.loader"

    @api.model
    def _check(self, record):
        self.env.cr.execute(
            "CREATE TEMP TABLE srsp_import_good (row integer, target_id integer, target_moves boolean,"
            " entity_moves boolean DEFAULT FALSE, proposes boolean DEFAULT FALSE) ON COMMIT DROP"
        )
        copy_rows(
            self.env.cr, "srsp_import_error", CellError._fields, self._find_bad_rows()
        )
        good = [
            (row["row"], inspector.id or None, bool(vals))
            for row, inspector, vals in self._read_staged()
        ]
        names = ("row", "target_id", "target_moves")
        copy_rows(self.env.cr, "srsp_import_good", names, good)
        return super()._check(record)

    @api.model
    def _load(self, record):
        refused = []
        for row, inspector, vals in self._read_staged():
            if not vals:
                continue
            try:
                with self.env.cr.savepoint():
                    if inspector:
                        inspector.write(vals)
                    else:
                        vals["company_id"] = self.env.company.id
                        inspector.create(vals)
                    self.env.flush_all()
            except UserError as error:
                message = str(error)[:500]
                refused.append(
                    CellError(row["row"], "staff_number", message, "refused")
                )
        if refused:
            copy_rows(self.env.cr, "srsp_import_error", CellError._fields, refused)
            self.env.cr.execute(REMOVE_BAD)
            self._count_rows(record.sudo())

    def _read_staged(self):
        """Yield (row, inspector or none, what the row changes) of the rows without an error so far."""
        self.env.cr.execute(
            "SELECT * FROM srsp_import_row r WHERE NOT EXISTS ("
            "SELECT FROM srsp_import_error x WHERE x.row = r.row) ORDER BY row"
        )
        rows = self.env.cr.dictfetchall()
        inspectors = self.env[INSPECTOR]
        domain = [
            ("staff_number", "in", [row["staff_number"] for row in rows]),
            ("company_id", "=", self.env.company.id),
        ]
        found = inspectors.with_context(active_test=False).search(domain)
        known = found.grouped("staff_number")
        for row in rows:
            inspector = known.get(row["staff_number"], inspectors)
            yield row, inspector, self._get_inspector_vals(row, inspector)

    def _get_inspector_vals(self, row, inspector):
        """Return the values that differ from the inspector's, or all of a new one; an empty cell changes nothing."""
        vals = {}
        for column in INSPECTOR_COLUMNS:
            value, old = row[column.name], inspector[column.field]
            if value is None or column.name in CERTIFICATE:
                continue
            if column.kind in MANY:
                if not inspector or set(value) != set(old.ids):
                    vals[column.field] = [Command.set(value)]
            elif not inspector or value != (
                old.id if column.kind == "division" else old
            ):
                vals[column.field] = value
        return vals | self._get_certificate_vals(row, inspector)

    def _get_certificate_vals(self, row, inspector):
        """Return number and last day together, unless the inspector has a certificate with both."""
        number, until = (row[name] for name in CERTIFICATE)
        if not (number or until):
            return {}
        number = number or inspector.certificate_number
        known = inspector.certificate_ids._find_official(number)
        until = until or known.valid_until
        if known and known.valid_until == until:
            return {}
        return dict(zip(CERTIFICATE, (number, until)))

    def _find_bad_rows(self):
        errors, seen = [], {}
        divisions = self.env["srsp.division"].search(
            [("company_id", "=", self.env.company.id)]
        )
        table = self.env["srsp.registry.table"]
        own = table._get_own_ids(divisions, INSPECTOR, "division_id")
        may_move = self.env.user.has_group("srsp_supervision.group_administrator")
        for row, inspector, vals in self._read_staged():
            number = row["staff_number"]
            if number in seen:
                errors.append(_error(row, "staff_number", "duplicate", seen[number]))
                errors.append(
                    CellError(
                        seen[number], "staff_number", number, "duplicate", row["row"]
                    )
                )
            seen.setdefault(number, row["row"])
            if re.search(r"[\t\r\n]", number):
                errors.append(_error(row, "staff_number", "line_break"))
            reserved = {"pool_kind", "division_id"} & vals.keys()
            if vals and not ({row["division"]} | set(inspector.division_id.ids) <= own):
                errors.append(_error(row, "staff_number", "foreign_division"))
            elif vals and inspector.sudo().user_id == self.env.user:
                errors.append(_error(row, "staff_number", "own_entry"))
            elif inspector and not may_move and reserved:
                errors.append(_error(row, "staff_number", "reserved"))
            for name in CERTIFICATE:
                if not vals.get(name, True):
                    errors.append(_error(row, name, "half_certificate"))
        return errors


def _error(row, name, reason, other=None):
    return CellError(row["row"], name, row[name], reason, other)
