import re
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import float_round

from ...tools.workbook import Flagged, clean_text
from ...tools.workbook_reader import label_key

MOST = 2**31 - 1  # that a whole number of PostgreSQL holds
SEPARATORS = "；;、\n"  # between the names in a cell


class SrspListLineMixin(models.AbstractModel):
    """What a row of a workbook means for a line: names become records, labels become values."""

    _inherit = "srsp.list.line.mixin"

    def _get_sheet_row(self):
        """What the line says, with a legal basis that has been repealed flagged."""
        row = self._get_row()
        if self.repealed_basis:
            note = self.env._(
                "Legal basis repealed: %(basis)s", basis=self.repealed_basis
            )
            row["legal_basis_ids"] = Flagged(row["legal_basis_ids"], note)
        return row

    @api.model
    def _get_sheet_names(self, company):
        """{field: {name as it is compared: what it may stand for}}, for the fields that have names.

        Labels of a selection are known in every language of the database; records of ``company`` by their name,
        the archived ones too, so that somebody who uses one can be told.
        """
        names = {}
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        for name, _width in self._get_sheet_columns():
            field = self._fields[name]
            known = defaultdict(list)
            if field.type == "selection":
                for code in (*installed, self.env.lang):
                    env = self.with_context(lang=code).env
                    for value, label in field._description_selection(env):
                        known[label_key(label)] = [value]
            elif field.relational:
                domain = [("company_id", "in", [company.id, False])]
                model = self.env[field.comodel_name].with_context(active_test=False)
                for record in model.search(domain):
                    known[label_key(record.display_name)].append(record)
            else:
                continue
            names[name] = known
        return names

    def _prepare_sheet_vals(self, row, names):
        """Return what ``row`` changes in this line (in none, for a new one), and [(field, why it will not do)].

        :param row: {field name: text, number or None}, as ``read_list`` returns it
        :param names: what ``_get_sheet_names`` returned
        """
        says = self._get_row() if self else {}
        vals, problems = {}, []
        for name, value in row.items():
            if self and value == self._clean_cell(says[name]):
                continue
            try:
                value = self._parse_cell(name, value, names.get(name))
            except UserError as error:
                problems.append((name, str(error)))
                continue
            if not self or not self._is_value(name, value):
                vals[name] = value
        return vals, problems

    @api.model
    def _clean_cell(self, value):
        return clean_text(value) if isinstance(value, str) else value

    def _is_value(self, name, value):
        """Does the line have this value (as ``write`` takes it) already?"""
        field = self._fields[name]
        if field.type == "many2many":
            return set(self[name].ids) == set(value[0][2])
        if field.type == "many2one":
            return self[name].id == value
        return (self[name] or False) == (value or False)

    @api.model
    def _parse_cell(self, name, value, known):
        """The value of a cell as ``write`` takes it; raises UserError with the way out."""
        field = self._fields[name]
        if value is None or value == "":
            if field.required:
                raise UserError(self.env._("This must not be empty."))
            empty = {"many2many": [(6, 0, [])], "float": 0.0, "integer": 0}
            return empty.get(field.type, False)
        if field.type == "selection":
            return self._parse_label(field, value, known)
        if field.type == "many2one":
            return self._find_named(value, known).id
        if field.type == "many2many":
            found = [self._find_named(part, known) for part in _split(value, known)]
            return [(6, 0, [record.id for record in found])]
        if field.type == "float":
            return self._parse_ratio(field, value)
        if field.type == "integer" and abs(value) > MOST:
            raise UserError(self.env._("The number is too large."))
        return value

    @api.model
    def _parse_label(self, field, value, known):
        [found] = known.get(label_key(value)) or [None]
        if found is None:
            labels = field._description_selection(self.env)
            raise UserError(
                self.env._(
                    "Write one of these: %(labels)s.",
                    labels=", ".join(label for _value, label in labels),
                )
            )
        return found

    @api.model
    def _parse_ratio(self, field, value):
        places = field.get_digits(self.env)[1]
        rounded = float_round(value, precision_digits=places)
        if abs(value - rounded) > 1e-9:
            raise UserError(
                self.env._(
                    "A percentage has at most %(places)s decimals here.",
                    places=places - 2,
                )
            )
        return rounded

    @api.model
    def _find_named(self, name, known):
        """The one active record of that name."""
        records = known.get(label_key(name)) or []
        active = [record for record in records if getattr(record, "active", True)]
        if len(active) == 1:
            return active[0]
        if active:
            raise UserError(
                self.env._(
                    "“%(name)s” is the name of several records: give each a name of its own first.",
                    name=name,
                )
            )
        if records:
            raise UserError(
                self.env._(
                    "“%(name)s” has been dissolved or archived: write the one that took over.",
                    name=name,
                )
            )
        raise UserError(
            self.env._(
                "“%(name)s” is not known here: write the name as the register has it, or enter it there first.",
                name=name,
            )
        )


def _split(text, known):
    """The names in a cell. A name may hold a separator itself: what is known as a whole stays whole."""
    parts = [part for part in re.split(f"([{SEPARATORS}])", text) if part.strip()]
    names = []
    while parts:
        if len(parts[0]) == 1 and parts[0] in SEPARATORS:
            parts.pop(0)
            continue
        longest = next(
            end
            for end in range(len(parts), 0, -1)
            if end == 1 or label_key("".join(parts[:end])) in known
        )
        names.append("".join(parts[:longest]).strip())
        parts = parts[longest:]
    return names
