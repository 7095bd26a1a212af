from collections import Counter
from typing import NamedTuple

from odoo import api, models

from ..tools import list_diff


class LineChange(NamedTuple):
    """One line that differs between two versions, ready to be shown.

    ``old`` and ``new`` are its records (one may be empty); ``fields`` holds (label, before, after).
    """

    kind: str
    old: models.BaseModel
    new: models.BaseModel
    fields: tuple

    @property
    def line(self):
        return self.new or self.old


class SrspList(models.Model):
    """What a version changes against another one."""

    _inherit = "srsp.list"

    @api.model
    def _get_change_labels(self):
        """Kind of change → its name, in the order in which they are shown."""
        return {
            "added": self.env._("Added"),
            "changed": self.env._("Changed"),
            "moved": self.env._("Moved"),
            "retired": self.env._("Retired"),
        }

    def _compare(self, base, division=None):
        """The changes from ``base`` (perhaps empty) to this version, as a list of LineChange.

        Only lines that the user may read take part: of a draft, a division compares its own part alone.

        :param division: only lines that belong, or belonged, to it
        """
        self.ensure_one()
        own = self._get_comparable_divisions(base)
        new_lines = self._get_lines()
        old_lines = base._get_lines() if base else new_lines.browse()
        if own is not None:
            old_lines = old_lines.filtered(lambda line: line.division_id in own)
            new_lines = new_lines.filtered(lambda line: line.division_id in own)
        changes = [
            self._prepare_change(change, new_lines)
            for change in list_diff.compare(
                {line.id: line._get_row() for line in old_lines},
                {line.id: line._get_row() for line in new_lines},
                self._find_ancestors(old_lines, new_lines),
            )
        ]
        if division:
            changes = [
                change
                for change in changes
                if division in (change.old.division_id | change.new.division_id)
            ]
        return changes

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
        """{new id: old id} along the chain of copies; lines without one are paired by their code."""
        by_code = {line.code: line.id for line in old_lines}
        old_ids = set(old_lines.ids)
        ancestors = {}
        for line in new_lines.sudo():
            origin = line.origin_id
            while origin and origin.id not in old_ids:
                origin = origin.origin_id
            if not line.origin_id:
                ancestors[line.id] = by_code.get(line.code)
            elif origin:
                ancestors[line.id] = origin.id
        return ancestors

    def _prepare_change(self, change, lines):
        labels = lines.fields_get(
            [name for name, _before, _after in change.fields], ["string"]
        )
        return LineChange(
            change.kind,
            lines.browse(change.old or ()),
            lines.browse(change.new or ()),
            tuple(
                (labels[name]["string"], before, after)
                for name, before, after in change.fields
            ),
        )

    @api.model
    def _count_changes(self, changes):
        """{kind: count} in the order in which kinds are shown; kinds that do not occur are missing."""
        counts = Counter(change.kind for change in changes)
        return {kind: counts[kind] for kind in list_diff.KINDS if counts[kind]}
