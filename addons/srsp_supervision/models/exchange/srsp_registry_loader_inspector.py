import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.tables.cells import CellError
from .srsp_registry_table import MANY
from .srsp_registry_table_inspector import INSPECTOR_COLUMNS

CERTIFICATE = ("certificate_number", "certificate_valid_until")


class SrspRegistryLoaderInspector(models.AbstractModel):
    """Inspectors, row by row through the ORM: they are few, and every change of their pool is guarded."""

    _name = "srsp.registry.loader.inspector"
    _description = "Import into a registry"
    _inherit = "srsp.registry.loader"

    def _check_rows(self, record):
        self.env.cr.execute(
            "CREATE TEMP TABLE srsp_import_good (row integer, target_id integer,"
            " target_moves boolean, entity_moves boolean DEFAULT FALSE) ON COMMIT DROP"
        )
        self._add_errors(self._find_bad_rows())
        good = [
            (row["row"], inspector.id or None, bool(vals))
            for row, inspector, vals in self._read_staged()
        ]
        if good:
            self.env.cr.execute_values(
                "INSERT INTO srsp_import_good (row, target_id, target_moves) VALUES %s",
                good,
            )

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
            self._add_errors(refused)
            self.env.cr.execute(
                "DELETE FROM srsp_import_good WHERE row IN (SELECT row FROM srsp_import_error)"
            )
            self._count_rows(record.sudo())

    def _add_errors(self, errors):
        if errors:
            self.env.cr.execute_values(
                'INSERT INTO srsp_import_error (row, "column", value, reason, other) VALUES %s',
                errors,
            )

    def _read_staged(self):
        """Yield (row, inspector or none, what the row changes) of the rows without an error so far."""
        self.env.cr.execute(
            "SELECT * FROM srsp_import_row r WHERE NOT EXISTS ("
            "SELECT FROM srsp_import_error x WHERE x.row = r.row) ORDER BY row"
        )
        rows = self.env.cr.dictfetchall()
        inspectors = self.env["srsp.inspector"].with_context(active_test=False)
        known = inspectors.search(
            [
                ("staff_number", "in", [row["staff_number"] for row in rows]),
                ("company_id", "=", self.env.company.id),
            ]
        ).grouped("staff_number")
        for row in rows:
            inspector = known.get(row["staff_number"], self.env["srsp.inspector"])
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
                    vals[column.field] = [(6, 0, value)]
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
        own = self._get_own_divisions()
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

    def _get_own_divisions(self):
        """Return the ids of the divisions whose inspectors the user may create and change."""
        rules = Domain.AND(
            self.env["ir.rule"]._compute_domain("srsp.inspector", mode)
            for mode in ("create", "write")
        )
        divisions = self.env["srsp.division"].search(
            [("company_id", "=", self.env.company.id)]
        )
        make = self.env["srsp.inspector"].sudo().new
        return {
            division.id
            for division in divisions
            if make(
                {"division_id": division.id, "company_id": self.env.company.id}
            ).filtered_domain(rules)
        }


def _error(row, name, reason, other=None):
    return CellError(row["row"], name, row[name], reason, other)
