from collections import Counter
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

from ...actions import get_form_action
from ...tools import list_diff

HEADING_FIELDS = ("code", "name", "division_id")  # shown above the fields of a line


class LineChange(NamedTuple):
    """One line that differs between two versions, ready to be shown.

    ``old`` and ``new`` are its records (one may be empty); ``fields`` holds (label, before, after) as texts:
    of each field that differs, or of all that a line added or retired says.
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

    _inherit = "srsp.list"  # pylint: disable=consider-merging-classes-inherited

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
        earlier = self._get_sibling_domain() & Domain(
            [
                ("version", "<", self.version),
                ("state", "in", ("published", "superseded")),
            ]
        )
        return self.origin_id or self.search(earlier, order="version desc", limit=1)

    def _compare(self, base, division=None):
        """The changes from ``base`` (perhaps empty) to this version, as a list of LineChange.

        Only lines that the user may read take part: of a draft, a division compares its own part alone.

        :param division: only lines that belong, or belonged, to it
        """
        self.ensure_one()
        own = self._get_comparable_divisions(base)
        old_lines = base._get_readable_lines(own) if base else self._get_lines()[:0]
        new_lines = self._get_readable_lines(own)
        rows = {line.id: line._get_row() for line in old_lines | new_lines}
        changes = list_diff.compare(
            {line.id: rows[line.id] for line in old_lines},
            {line.id: rows[line.id] for line in new_lines},
            self._find_ancestors(old_lines, new_lines),
        )
        labels = {
            name: description["string"]
            for name, description in new_lines.fields_get(attributes=["string"]).items()
        }
        prepared = [
            self._prepare_change(change, new_lines, rows, labels) for change in changes
        ]
        return [
            change
            for change in prepared
            if not division
            or division in (change.old.division_id | change.new.division_id)
        ]

    def _get_readable_lines(self, divisions):
        """The lines of the version that the user may read: of ``divisions``, or of all if that is None."""
        lines = self._get_lines()._filtered_access("read")
        if divisions is None:
            return lines
        return lines.filtered(lambda line: line.division_id in divisions)

    def _get_comparable_divisions(self, base):
        """The divisions whose lines the user may read in both versions; None for all of them."""
        open_to_all = all(
            version.state in ("published", "superseded") for version in self | base
        )
        user = self.env.user
        if open_to_all or self.env.su:
            return None
        groups = ("group_policy_officer", "group_auditor")
        if any(user.has_group(f"srsp_supervision.{group}") for group in groups):
            return None
        return user.sudo().srsp_division_ids

    def _find_ancestors(self, old_lines, new_lines):
        """{new id: old id}: lines that descend from one another or from the same line, the rest by their code.

        No old line is paired twice, in whichever order the two versions were made.
        """
        lineages = {line.id: self._get_lineage(line) for line in old_lines | new_lines}
        old_by_ancestor = {line.id: line.id for line in old_lines}
        for line in old_lines:
            for ancestor in lineages[line.id]:
                old_by_ancestor.setdefault(ancestor, line.id)
        pairs = {}
        free = set(old_lines.ids)
        for line in new_lines:
            found = (old_by_ancestor.get(ancestor) for ancestor in lineages[line.id])
            if old_id := next((old_id for old_id in found if old_id in free), None):
                pairs[line.id] = old_id
                free.discard(old_id)
        by_code = {line.code: line.id for line in old_lines if line.id in free}
        for line in new_lines:
            if line.id not in pairs and line.code in by_code:
                pairs[line.id] = by_code[line.code]
        return pairs

    @api.model
    def _get_lineage(self, line):
        """Ids of the line, of the one it was copied from, and so on to the first."""
        ids, line = [], line.sudo()
        while line:
            ids.append(line.id)
            line = line.origin_id
        return ids

    def _prepare_change(self, change, lines, rows, labels):
        """LineChange of a ``list_diff.Change``; ``lines`` gives the model, ``rows`` what each line says."""
        fields = change.fields
        if change.kind in ("added", "retired"):
            row = rows[change.new or change.old]
            fields = [
                (name, "", value) if change.new else (name, value, "")
                for name, value in row.items()
                if value and name not in HEADING_FIELDS
            ]
        old, new = lines.browse(change.old or ()), lines.browse(change.new or ())
        renamed = change.kind == "moved" and old.division_id == new.division_id
        return LineChange(
            "changed" if renamed else change.kind,
            old,
            new,
            tuple(
                (labels[name], self._format_cell(before), self._format_cell(after))
                for name, before, after in fields
            ),
        )

    @api.model
    def _format_cell(self, value):
        """A value of a line's row as a person reads it; the one kind of float is a ratio."""
        return f"{value * 100:g}%" if isinstance(value, float) else str(value)

    @api.model
    def _count_changes(self, changes):
        """{kind: count} in the order in which kinds are shown; kinds that do not occur are missing."""
        counts = Counter(change.kind for change in changes)
        return {
            kind: counts[kind] for kind in self._get_change_labels() if counts[kind]
        }
