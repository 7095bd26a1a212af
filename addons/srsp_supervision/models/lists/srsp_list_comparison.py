from collections import Counter
from typing import NamedTuple

from odoo import api, models

from ...actions import get_form_action

HEADING_FIELDS = ("code", "name", "division_id")  # shown above the fields of a line


class LineChange(NamedTuple):
    """One line that differs between two versions, ready to be shown.

    ``kind`` is ``added``, ``changed``, ``moved`` (to another division) or ``retired``. ``old`` and ``new`` are its
    records (one may be empty); ``fields`` holds (label, before, after) as texts: of each field that differs, or of
    all that a line added or retired says.
    """

    kind: str
    old: models.BaseModel
    new: models.BaseModel
    fields: tuple[tuple[str, str, str], ...]

    @property
    def line(self):
        return self.new or self.old


class SrspList(models.Model):
    """What a version changes against another one."""

    _inherit = "srsp.list"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def action_compare(self):
        """Open the page that compares this version with the one it was made from."""
        self.ensure_one()
        self.check_access("read")
        comparison = self.env["srsp.list.comparison"].create(
            {"list_id": self.id, "base_id": self._find_base().id}
        )
        return get_form_action(comparison, name=self.env._("Comparison of Versions"))

    @api.model
    def _get_change_labels(self):
        """Kind of change → its name, in the order in which they are shown."""
        return {
            "added": self.env._("Added"),
            "changed": self.env._("Changed"),
            "moved": self.env._("Moved"),
            "retired": self.env._("Retired"),
        }

    def _find_base(self):
        """The version that this one was copied from, else the last one published before it (or none)."""
        earlier = self._find_siblings(
            ("version", "<", self.version), ("state", "in", ("published", "superseded"))
        )
        return self.origin_id or earlier[:1].with_env(self.env)

    def _compare(self, base, division=None):
        """The changes from ``base`` (perhaps empty) to this version, as a list of LineChange.

        Lines of this version come in its order, then the retired ones. Only lines that the user may read take part:
        of a draft, a division compares its own part alone.

        :param division: only lines that belong, or belonged, to it
        """
        self.ensure_one()
        own = self._get_comparable_divisions(base)
        nothing = self._get_lines().browse()
        old_lines = base._get_readable_lines(own) if base else nothing
        new_lines = self._get_readable_lines(own)
        ancestors = self._find_ancestors(old_lines, new_lines)
        pairs = [(ancestors.get(line, nothing), line) for line in new_lines]
        kept = set(ancestors.values())
        pairs += [(line, nothing) for line in old_lines if line not in kept]
        labels = {column.name: column.label for column in self._get_sheet_layout()}
        return [
            change
            for old, new in pairs
            if not division or division in (old.division_id | new.division_id)
            if (change := self._prepare_change(old, new, labels))
        ]

    def _get_readable_lines(self, divisions=None):
        """The lines of the version that the user may read: of ``divisions``, or of all if that is None."""
        lines = self._get_lines()._filtered_access("read")
        if divisions is None:
            return lines
        return lines.filtered(lambda line: line.division_id in divisions)

    def _get_comparable_divisions(self, base):
        """The divisions whose lines the user may read in both versions; None for all of them."""
        user = self.env.user
        if (
            self.env.su
            or all(one.state in ("published", "superseded") for one in self | base)
            or user.has_group("srsp_supervision.group_policy_officer")
            or user.has_group("srsp_supervision.group_auditor")
        ):
            return None
        return user.sudo().srsp_division_ids

    def _find_ancestors(self, old_lines, new_lines):
        """{new: old}: copies of the same line, the rest by their code; no old line is paired twice."""
        old_by_root = {self._get_root(line): line for line in old_lines}
        pairs = {}
        for line in new_lines:
            if old := old_by_root.pop(self._get_root(line), None):
                pairs[line] = old
        by_code = {line.code: line for line in set(old_lines) - set(pairs.values())}
        for line in new_lines:
            if line not in pairs and line.code in by_code:
                pairs[line] = by_code[line.code]
        return pairs

    @api.model
    def _get_root(self, line):
        """Id of the first line of which this one is a copy, through any number of versions; else its own."""
        line = line.sudo()
        while line.origin_id:
            line = line.origin_id
        return line.id

    @api.model
    def _prepare_change(self, old, new, labels):
        """LineChange of a line, ``old`` or ``new`` being empty if it was added or retired; None for no change."""
        rows = [line._get_row() if line else {} for line in (old, new)]
        before, after = rows
        if old and new:
            names = [name for name in after if before[name] != after[name]]
            if not names:
                return None
            moved = "division_id" in names and old.division_id != new.division_id
            kind = "moved" if moved else "changed"
        else:
            row = before or after
            names = [name for name in row if row[name] and name not in HEADING_FIELDS]
            kind = "added" if new else "retired"
        fields = tuple(
            (labels[name], *(self._format_cell(row.get(name, "")) for row in rows))
            for name in names
        )
        return LineChange(kind, old, new, fields)

    @api.model
    def _format_cell(self, value):
        """A value of a line's row as a person reads it; the one kind of float is a ratio."""
        return f"{value * 100:g}%" if isinstance(value, float) else str(value)

    @api.model
    def _count_changes(self, changes):
        """{kind: count} in the order in which kinds are shown."""
        counts = Counter(change.kind for change in changes)
        return {kind: counts[kind] for kind in self._get_change_labels()}
