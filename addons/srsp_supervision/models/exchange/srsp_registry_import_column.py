from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.registry_cells import normalise
from ...tools.registry_convert import show
from ...tools.workbook import WorkbookError

HEADER_WITHIN = 20  # rows


class SrspRegistryImportColumn(models.Model):
    """What one column of a file means."""

    _name = "srsp.registry.import.column"
    _description = "Column of an import"
    _order = "position, id"
    _rec_name = "label"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    position = fields.Integer(readonly=True, help="Place in the file, from 0.")
    label = fields.Char("Heading", readonly=True)
    sample = fields.Char("First Value", readonly=True)
    target_column = fields.Selection(
        lambda self: self._select("target"), "Goes to", help="Empty: not imported."
    )
    inspector_column = fields.Selection(
        lambda self: self._select("inspector"),
        "Is Put into",
        help="Empty: not imported.",
    )

    def write(self, vals):
        """What a column means is changed before the work, and then checked again; where it stands never is."""
        if self.env.su:
            return super().write(vals)
        if vals.keys() - {"target_column", "inspector_column"}:
            raise AccessError(self.env._("Only what a column goes to can be changed."))
        self.import_id._check_state("draft", "checked", "failed")
        result = super().write(vals)
        self.import_id.sudo().state = "draft"
        return result

    @api.model
    def _select(self, kind):
        language = self.env.lang or "en_US"
        columns = self.env["srsp.registry.import"]._get_columns(kind)
        return [(c.name, c.label._translate(language)) for c in columns]

    def _get_name(self):
        """The name of the registry's column, or False."""
        return self[f"{self.import_id.kind}_column"]


class SrspRegistryImport(models.Model):
    _inherit = "srsp.registry.import"

    def _guess_columns(self, block):
        """Keep the headings of the file's first block and what they mean, as the source's last file had it."""
        known = self._get_known_headings()
        rows = block.rows[:HEADER_WITHIN]
        scores = [
            len({known.get(normalise(c)) for c in cells} - {None}) for cells in rows
        ]
        if max(scores, default=0) < 2:  # unknown headings: the first row that has any
            scores = [any(c != "" for c in cells) for cells in rows]
        if not any(scores):
            raise WorkbookError("empty_sheet")
        at = scores.index(max(scores))
        sample = next((row for row in rows[at + 1 :] if any(row)), [])
        remembered = self._get_remembered()
        taken, vals_list = set(), []
        for position, label in enumerate(rows[at]):
            if label == "":
                continue
            key = normalise(label)
            name = remembered[key] if key in remembered else known.get(key)
            name = name not in taken and name
            taken.add(name)
            vals_list.append(
                {
                    "import_id": self.id,
                    "position": position,
                    "label": show(label)[:100],
                    "sample": show(sample[position])[:100]
                    if position < len(sample)
                    else "",
                    f"{self.kind}_column": name or False,
                }
            )
        self.env["srsp.registry.import.column"].create(vals_list)
        self.sudo().write(
            {"header_row": block.first + at, "state": "draft", "message": False}
        )

    def _get_known_headings(self):
        """{normalised heading: column name}; labels and technical names go before attributes, those before aliases."""
        known, columns = {}, self._get_columns(self.kind)
        for column in columns:
            for alias in column.aliases.split():
                known.setdefault(normalise(alias), column.name)
        for column in sorted(columns, key=lambda c: c.kind != "attribute"):
            for lang in ("zh_CN", self.env.lang or "en_US", "en_US"):
                known[normalise(column.label._translate(lang))] = column.name
            known[normalise(column.name)] = column.name
        return known

    def _get_remembered(self):
        """{normalised heading: column name or False} of the source's last file that passed the check."""
        last = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("source", "=", self.source),
                ("state", "in", ("checked", "done")),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        columns = {False} | {c.name for c in self._get_columns(self.kind)}
        found = {normalise(c.label): c._get_name() for c in last.column_ids}
        return {label: name for label, name in found.items() if name in columns}

    def _get_mapping(self):
        """[(Column, place in the file)] in the registry's order."""
        places = {c._get_name(): c.position for c in self.column_ids if c._get_name()}
        columns = self._get_columns(self.kind)
        return [(c, places[c.name]) for c in columns if c.name in places]

    def _is_extract(self):
        """Tell whether the file is about known entities alone, like the credit platform's file of classes.

        It names them by code and has no sector: each row is about a target, or all of an entity's that are one's own.
        """
        names = {column.name for column, _place in self._get_mapping()}
        known = {"target_code", "uscc", "entity_code"} & names
        return self.kind == "target" and bool(known) and "sector" not in names

    def _check_columns(self):
        """Raise unless every needed column is mapped, and none twice."""
        names = [c._get_name() for c in self.column_ids if c._get_name()]
        columns = self._get_columns(self.kind)
        gone = set(names) - {c.name for c in columns}
        for column in self.column_ids.filtered(lambda c: c._get_name() in gone):
            raise UserError(
                self.env._(
                    "“%(heading)s” goes to an attribute that is no longer there: choose again what it goes to.",
                    heading=column.label,
                )
            )
        is_extract = self._is_extract()
        if is_extract and self.is_full:
            raise UserError(
                self.env._("A full file has a column for the sector of each row.")
            )
        for column in columns:
            label = column.label._translate(self.env.lang or "en_US")
            if column.kind == "attribute" and column.name in names and is_extract:
                raise UserError(
                    self.env._(
                        "“%(column)s” is an attribute of a sector: the file needs a column for the sector of each row.",
                        column=label,
                    )
                )
            if column.required and column.name not in names and not is_extract:
                raise UserError(
                    self.env._(
                        "No column of the file goes to “%(column)s”.", column=label
                    )
                )
            if names.count(column.name) > 1:
                raise UserError(
                    self.env._(
                        "Two columns of the file go to “%(column)s”.", column=label
                    )
                )
