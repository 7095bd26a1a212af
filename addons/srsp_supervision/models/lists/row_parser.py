"""Turns a row of a workbook into the values of a list's line: names become records, labels become values."""

import re
from collections import defaultdict

from odoo.exceptions import UserError
from odoo.tools import float_round

from ...tools.tables.cells import normalise
from ...tools.workbook import clean_text

MAX_INTEGER = 2**31 - 1  # of PostgreSQL's integer
SEPARATORS = "；;、\n"  # between the names in a cell


class RowParser:
    """Parses the rows of a workbook for one model of lines.

    :param lines: a recordset of the model, in the user's language
    :param company: whose records the cells name
    """

    def __init__(self, lines, company):
        self.lines, self.env = lines.browse(), lines.env
        self.fields = {name: lines._fields[name] for name in lines._get_sheet_columns()}
        self.known = {
            name: self._get_known(field, company) for name, field in self.fields.items()
        }

    def parse(self, line, row):
        """Return what ``row`` changes in ``line`` (empty: a new one), and [(field, why its cell is refused)].

        :param row: {field name: text, number or None}, as ``read_list`` returns it
        """
        says = line._get_row() if line else {}
        vals, problems = {}, []
        for name, value in row.items():
            before = says.get(name)
            if line and value in (before, clean_text(before)):
                continue
            field = self.fields[name]
            try:
                value = self._parse_cell(field, value)
            except UserError as error:
                problems.append((name, str(error)))
                continue
            if not line or (line[name] or False) != (value or False):
                vals[name] = field.convert_to_write(value, self.lines)
        return vals, problems

    def _get_known(self, field, company):
        """``{name as it is compared: what it may stand for}`` of a selection or relation; empty for other fields.

        Labels of a selection are known in every language of the database; records of ``company`` by their name,
        the archived ones too, so that somebody who uses one can be told.
        """
        known = defaultdict(list)
        if field.type == "selection":
            installed = [code for code, _name in self.env["res.lang"].get_installed()]
            for code in (*installed, self.env.lang):
                env = self.lines.with_context(lang=code).env
                for value, label in field._description_selection(env):
                    known[normalise(label)] = [value]
        elif field.relational:
            model = self.env[field.comodel_name].with_context(active_test=False)
            for record in model.search([("company_id", "in", [company.id, False])]):
                known[normalise(record.display_name)].append(record)
        return known

    def _parse_cell(self, field, value):
        """Return the value of a cell as a line has it.

        :raise UserError: for a cell that is refused, with the way out
        """
        known = self.known[field.name]
        if value in (None, ""):
            if field.required:
                raise UserError(self.env._("This must not be empty."))
            return False
        if field.type == "many2one":
            return self._find_named(value, known)
        if field.type == "many2many":
            found = [self._find_named(name, known) for name in _split(value, known)]
            return self.env[field.comodel_name].union(*found)
        if field.type == "selection":
            if normalise(value) not in known:
                labels = [
                    label for _value, label in field._description_selection(self.env)
                ]
                raise UserError(
                    self.env._(
                        "Write one of these: %(labels)s.", labels=", ".join(labels)
                    )
                )
            return known[normalise(value)][0]
        if field.type == "float":
            return self._parse_ratio(field, value)
        if field.type == "integer" and abs(value) > MAX_INTEGER:
            raise UserError(self.env._("The number is too large."))
        return value

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

    def _find_named(self, name, known):
        """Return the one active record of that name."""
        records = known.get(normalise(name), [])
        active = [record for record in records if getattr(record, "active", True)]
        if len(active) == 1:
            return active[0]
        if active:
            message = self.env._(
                "“%(name)s” is the name of several records: give each a different name first.",
                name=name,
            )
        elif records:
            message = self.env._(
                "“%(name)s” has been dissolved or archived: enter its successor.",
                name=name,
            )
        else:
            message = self.env._(
                "“%(name)s” was not found: enter the name as registered, or add it to the register first.",
                name=name,
            )
        raise UserError(message)


def _split(text, known):
    """The names in a cell. A name may hold a separator itself: what is known as a whole stays whole."""
    names = []
    while text:
        ends = [match.start() for match in re.finditer(f"[{SEPARATORS}]", text)]
        ends.append(len(text))
        whole = (end for end in reversed(ends) if normalise(text[:end]) in known)
        end = next(whole, ends[0])
        names.append(text[:end].strip())
        text = text[end + 1 :]
    return list(filter(None, names))
