from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...fields import company_of
from ...tools import canonical
from ...tools.workbook import Flagged, clean_text


class SrspListLineMixin(models.AbstractModel):
    """A line of one of the two lists: it belongs to the part of a division, is frozen with its version, and
    remembers the line of the version before from which it was copied.
    """

    _name = "srsp.list.line.mixin"
    _description = "Line of a supervision list"
    _inherit = ["srsp.guard.mixin"]
    _order = "list_id desc, code, id"
    _check_company_auto = True
    _rec_names_search = ["code", "name"]
    _guarded_fields = ("origin_id", "frozen_names")
    _sheet_columns: dict[str, int] = {}
    # Headings of workbooks that were exported under other labels, which an import still reads: {heading: field}.
    _sheet_synonyms = {
        "检查依据": "legal_basis_ids",
        "Legal Basis": "legal_basis_ids",
        "低频次理由": "frequency_reason",
    }
    # What must be filled in before a part is handed in.
    _elements: tuple[str, ...] = ()
    # When a user writes one of these, the line is checked against the rulebook and the register of divisions.
    _checked_fields = frozenset(("division_id",))

    list_id = fields.Many2one(
        "srsp.list", required=True, index=True, ondelete="cascade", check_company=True
    )
    list_state = fields.Selection(related="list_id.state", string="List State")
    company_id = company_of("list_id")
    division_id = fields.Many2one(
        "srsp.division", required=True, index=True, check_company=True
    )
    code = fields.Char(required=True)
    legal_basis_ids = fields.Many2many(
        "srsp.legal.basis", ondelete="restrict", check_company=True
    )
    legal_basis = fields.Char(
        "Legal Basis Text", compute="_compute_legal_basis", compute_sudo=True
    )
    repealed_basis = fields.Char(
        compute="_compute_legal_basis",
        compute_sudo=True,
        help="Repealed legal basis of the line.",
    )
    frozen_names = fields.Json(
        readonly=True,
        copy=False,
        help="{field: names} of the records referenced by the line, as of the approval.",
    )
    is_editable = fields.Boolean(compute="_compute_is_editable")
    missing_elements = fields.Char(
        compute="_compute_missing_elements",
        help="Elements required before the part can be submitted.",
    )

    @api.depends(
        "legal_basis_ids.display_name",
        "legal_basis_ids.effective_date",
        "legal_basis_ids.repealed_date",
    )
    @api.depends_context("lang")
    def _compute_legal_basis(self):
        for line in self:
            line.legal_basis = "；".join(line.legal_basis_ids.mapped("display_name"))
            line.repealed_basis = line.legal_basis_ids._describe_repealed()

    @api.depends(lambda self: self._elements)
    @api.depends_context("lang")
    def _compute_missing_elements(self):
        for line in self:
            line.missing_elements = self.env._(", ").join(
                self._fields[name]._description_string(self.env)
                for name in self._elements
                if not str(line[name] or "").strip()
            )

    @api.depends("list_id.state", "list_id.part_ids.state", "division_id")
    @api.depends_context("uid")
    def _compute_is_editable(self):
        for line in self:
            version = line.list_id
            line.is_editable = not version or version._is_editable(line.division_id)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.code or ''} {line.name or ''}".strip()

    @api.constrains("list_id")
    def _check_kind(self):
        for line in self:
            if self._name != f"srsp.{line.list_id.kind}":
                raise ValidationError(
                    self.env._(
                        "%(line)s does not belong in %(list)s: item lists contain items, duty lists contain duties.",
                        line=line.display_name,
                        list=line.list_id.name,
                    )
                )

    @api.constrains("legal_basis_ids", "name")
    def _check_legal_basis(self):
        for line in self:
            if not line.legal_basis_ids:
                raise ValidationError(
                    self.env._(
                        "%(line)s has no legal basis: name the law and article that allow it.",
                        line=line.display_name,
                    )
                )

    @api.constrains("code", "name")
    def _check_words(self):
        for line in self:
            for name in ("code", "name"):
                if not line[name]:
                    raise ValidationError(
                        self.env._(
                            "%(line)s: “%(field)s” must not be empty.",
                            line=line.display_name or line.list_id.name,
                            field=self._fields[name]._description_string(self.env),
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [_cleaned(vals) for vals in vals_list]
        self.browse()._check_codes(vals_list)
        lines = super().create(vals_list)
        lines._check_editable()
        if not self.env.su:
            lines._check_rules()
        lines._report(self.env._("added"))
        return lines

    def write(self, vals):
        self.check_access("write")
        self._check_editable()
        vals = _cleaned(vals)
        if {"code", "list_id"} & vals.keys():
            rows = self.read(["name", "code", "list_id"], load=None)
            self._check_codes([row | vals for row in rows])
        if vals.get("division_id"):
            taker = self.env["srsp.division"].browse(vals["division_id"])
            self.filtered(lambda line: line.division_id != taker)._report(
                self.env._("moved to %(division)s", division=taker.name)
            )
        result = super().write(vals)
        if not self.env.su and {"list_id", "division_id"} & vals.keys():
            self._check_editable()  # not moved into a frozen version or another's part either
            self.check_access("write")
        if not self.env.su and self._checked_fields & vals.keys():
            self._check_rules()
        labels = [
            self._fields[name]._description_string(self.env)
            for name in vals
            if name in self._fields
        ]
        self._report(self.env._("changed: %(fields)s", fields=", ".join(labels)))
        return result

    def copy_data(self, default=None):
        """A new version remembers where each line came from; what a user duplicates is a line of its own."""
        if not self.env.su:
            return super().copy_data(default)
        return [
            dict(vals, origin_id=line.id)
            for line, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self._check_editable()
        self._report(self.env._("removed"))

    def _get_divisions(self):
        """The divisions that the line names."""
        return self.division_id

    def _check_rules(self):
        """Raise for the first line that no version may hold as it stands."""
        for line in self:
            dissolved = line._get_divisions().filtered(lambda one: not one.active)
            if dissolved:
                raise ValidationError(
                    self.env._(
                        "%(line)s: %(division)s has been dissolved. Name the division that took over.",
                        line=line.display_name,
                        division=dissolved[0].name,
                    )
                )

    def _check_complete(self):
        """Raise where lines cannot be handed in or published as they stand, naming all that lack something."""
        self._check_rules()
        lacking = [
            self.env._(
                "%(line)s: %(missing)s",
                line=line.display_name,
                missing=line.missing_elements,
            )
            for line in self.filtered("missing_elements")
        ]
        if lacking:
            raise ValidationError(
                self.env._(
                    "Fill in what is still missing, then go on:\n%(lines)s",
                    lines="\n".join(lacking),
                )
            )

    def _check_codes(self, vals_list):
        """Raise for a code that would stand twice in a list, naming both lines (the index alone names none).

        Capital letters and small ones are the same. Of a line that the user may not read, it names the division.
        """
        default = self.env.context.get("default_list_id")
        wanted = [
            (vals.get("list_id", default), (vals.get("code") or "").upper())
            for vals in vals_list
        ]
        others = self.sudo().search(
            [
                ("list_id", "in", [version for version, _code in wanted]),
                ("id", "not in", self.ids),
            ]
        )
        readable = others.with_env(self.env)._filtered_access("read")
        taken = {
            (line.list_id.id, line.code.upper()): line.name
            if line in readable
            else line.division_id.name
            for line in others
        }
        for key, vals in zip(wanted, vals_list, strict=True):
            if all(key) and key in taken:
                raise ValidationError(
                    self.env._(
                        "Code %(code)s is used twice in the list (%(first)s; %(second)s): give each line a code of its "
                        "own.",
                        code=vals["code"],
                        first=taken[key],
                        second=vals.get("name") or "",
                    )
                )
            taken[key] = vals.get("name", "")

    def _check_editable(self):
        """Raise unless the user may change these lines now; business methods work in superuser mode.

        The version stays locked against the steps that would close it until the change is committed.
        """
        if self.env.su:
            return
        if self.list_id:
            query = "SELECT id FROM srsp_list WHERE id IN %s FOR SHARE"
            self.env.cr.execute(SQL(query, tuple(self.list_id.ids)))
        self.list_id._check_open()
        for version, lines in self.sudo().grouped("list_id").items():
            for division in lines.division_id:
                if not version.with_env(self.env)._is_editable(division):
                    raise UserError(
                        self.env._(
                            "%(list)s: the part of %(division)s is not open for editing. Ask the policy division to"
                            " start the collection or to send the part back.",
                            list=version.name,
                            division=division.name,
                        )
                    )

    def _report(self, what):
        """Tell each division, on its part, what somebody else did to its lines."""
        if self.env.su:
            return
        own = self.env.user.sudo().srsp_division_ids
        for line in self.sudo().filtered(lambda line: line.division_id not in own):
            text = self.env._("%(label)s: %(text)s", label=line.display_name, text=what)
            for part in line.list_id.part_ids:
                if part.division_id == line.division_id and part.opened_on:
                    part.message_post(body=text)

    def _get_row(self):
        """What the line says, in the user's language: {field name: text, float or integer}.

        Labels for selections, names for records (joined by ； or 、), an empty string for nothing.
        """
        self.ensure_one()
        return {name: self._get_cell(name) for name in self._get_sheet_columns()}

    @api.model
    def _get_sheet_columns(self):
        """Return what a line says, in the order of the workbook: ``{field: width of its column in characters}``.

        An addon adds columns; versions that were published before keep the ones they were sealed with.
        """
        return self._sheet_columns

    def _get_sheet_row(self):
        """What the line says, with a legal basis that has been repealed flagged."""
        row = self._get_row()
        if basis := self.repealed_basis:
            note = self.env._("Legal basis repealed: %(basis)s", basis=basis)
            row["legal_basis_ids"] = Flagged(row["legal_basis_ids"], note)
        return row

    def _get_cell(self, name):
        field, value = self._fields[name], self[name]
        if field.relational:
            return (self.frozen_names or {}).get(name, self._get_names(name))
        return field.convert_to_export(value, self)

    def _get_names(self, name):
        joint = "；" if name == "legal_basis_ids" else "、"
        return joint.join(self[name].sorted().mapped("display_name"))

    def _freeze_names(self):
        """Keep what divisions, sectors and laws are called now: renaming one changes no word of a frozen version."""
        for line in self:
            line.frozen_names = {
                name: line._get_names(name)
                for name in self._get_sheet_columns()
                if self._fields[name].relational
            }

    def _digest_columns(self):
        """Return what the integrity chain keeps of frozen lines: ``{column: digest of its values, in no language}``.

        Each column has its own, so that one that is added, or gone with its addon, is nothing to the others.
        """
        return {
            name: canonical.digest(
                self.mapped(name)
                if self._fields[name].type == "selection"
                else [line._get_cell(name) for line in self]
            )
            for name in self._get_sheet_columns()
        }


def _cleaned(vals):
    """``vals`` with code and name as a person reads them: no space around them."""
    return vals | {
        name: clean_text(vals[name]) for name in ("code", "name") if name in vals
    }
