import datetime
import functools
import itertools
from typing import NamedTuple

from odoo import models
from odoo.tools import float_compare

from ...tools.clock import beijing_date, beijing_time
from .srsp_rulebook import CLASSES_AND_KEY, percent

STRATA = {"risk_class": [*"ABCD", "none"], "key": ["key", "ordinary"]}
# Parameters that exclude targets from a draw.
EXCLUDING = "cap_a cap_b cap_c cap_d interval_days case_days".split()
# Parameters about future events only: no existing record can be counted.
GENERAL = frozenset(
    "substitutes_allowed withdrawals_allowed voids_allowed"
    " risk_raise_on_finding risk_lower_after reminder_days key_for_class_d key_finding_days"
    " key_rule".split()
)
LOCKED_STATES = ("committed", "drawn", "inspecting", "disclosed")


class Change(NamedTuple):
    """One parameter that differs between two rulebooks; the values as a person reads them."""

    parameter: str  # name of the field
    label: str
    before: str
    after: str


class Effect(NamedTuple):
    """A task not yet locked, or an item of the list in force, that a changed parameter affects."""

    parameter: str  # name of the field that changes
    what: str  # what happens to it, one sentence for all of its kind
    number: str
    name: str
    division: str
    before: str
    after: str


class SrspRulebook(models.Model):
    """What publishing a draft would change.

    A task keeps the rulebook under which its roster was locked, so only tasks that are not locked yet change.
    """

    _inherit = "srsp.rulebook"

    def _get_changes(self, previous):
        """The parameters in which this rulebook differs from ``previous``: a list of Change."""
        return [
            Change(name, label, before, after)
            for (name, label, after), (_name, _label, before) in zip(
                self._get_parameters(), previous._get_parameters(), strict=True
            )
            if after != before
        ]

    def _get_effects(self, previous):
        """What would change if this draft replaced ``previous``: a list of Effect.

        Other addons add theirs: call ``super()`` and append.
        """
        self.ensure_one()
        tasks = self._get_open_tasks()
        return [
            *self._get_floor_effects(previous, tasks),
            *self._get_frequency_effects(previous),
            *self._get_team_effects(previous, tasks),
            *self._get_strata_effects(previous, tasks),
            *self._get_exclusion_effects(previous, tasks),
            *self._get_load_effects(previous, tasks),
            *self._get_source_effects(previous, tasks),
            *self._get_lock_effects(),
            *self._get_rectification_effects(previous, tasks),
        ]

    def _get_open_tasks(self):
        """Tasks whose roster would be locked under this rulebook.

        A task without a time of its draw counts when its window is open on the effective date or later.
        """
        moves = self._get_lock_moves()

        def is_open(task):
            lock_at = moves.get(task, task.lock_at)
            day = beijing_date(lock_at) if lock_at else task.date_to
            return day >= self.effective_date

        return self._find_tasks("planned").filtered(is_open).sorted("number")

    def _find_tasks(self, *states):
        return (
            self.env["srsp.task"]
            .sudo()
            .search([("company_id", "=", self.company_id.id), ("state", "in", states)])
        )

    def _prepare_effect(self, parameter, what, record, before, after):
        """An Effect on a task or an item."""
        number = record.number if "number" in record else record.code
        division = record.division_id.name
        texts = str(before), str(after)
        return Effect(parameter, what, number, record.name, division, *texts)

    def _compare(self, previous, records, parameter, what, get_value):
        """Yield an Effect per record for which ``get_value(rulebook, record)`` changes with ``parameter``."""
        if self[parameter] == previous[parameter]:
            return
        for record in records:
            before, after = (
                get_value(rulebook, record) for rulebook in (previous, self)
            )
            if before != after:
                yield self._prepare_effect(parameter, what, record, before, after)

    def _get_items(self):
        """The items of the list in force on the effective date."""
        lists = self.env["srsp.list"]
        version = lists._get_in_force("item", self.company_id, self.effective_date)
        return version.item_ids

    def _get_floor_effects(self, previous, tasks):
        """Tasks and items that fall below the new floor and give no reason."""
        items = self._get_items()
        task_ratio = self.env._("Ratio below the new floor: raise it, or give a reason")
        item_ratio = self.env._(
            "Item's ratio below the new floor: raise it, or give a reason"
        )
        seldom = self.env._(
            "Item's sampling frequency below the new floor: raise it, or give a reason"
        )
        for records, field, what, show in (
            (tasks, "ratio", task_ratio, percent),
            (items, "ratio", item_ratio, percent),
            (items, "frequency", seldom, str),
        ):
            parameter = f"floor_{field}"
            low, high = previous[parameter], self[parameter]
            for record in records:
                value = record[field]
                fell = float_compare(value, low, 4) >= 0 > float_compare(value, high, 4)
                if fell and not _get_reason(record, field):
                    before = f"{show(value)} ≥ {show(low)}"
                    after = f"{show(value)} < {show(high)}"
                    yield self._prepare_effect(parameter, what, record, before, after)

    def _get_frequency_effects(self, previous):
        """Items of which a risk class or the key targets are drawn at another frequency."""
        what = self.env._(
            "The sampling frequency of a risk class or of key targets changes"
        )
        items = self._get_items()
        for kind in CLASSES_AND_KEY:
            name = self.env._("Key") if kind == "key" else kind
            parameter = f"frequency_{kind.lower()}"

            def show(rulebook, item, name=name, parameter=parameter):
                return f"{name}: {max(item.frequency, rulebook[parameter])}"

            yield from self._compare(previous, items, parameter, what, show)

    def _get_team_effects(self, previous, tasks):
        """Tasks with enough officers for the old team size, too few for the new one (without recusals)."""
        if self.team_size <= previous.team_size:
            return
        inspectors = self.env["srsp.inspector"].sudo()
        officers = inspectors.search([("company_id", "=", self.company_id.id)])
        what = self.env._("Fewer eligible officers than a team needs")
        for task in tasks.filtered(lambda task: not task.team_size):
            found = len(officers.filtered_domain(inspectors._get_eligible_domain(task)))
            if previous.team_size <= found < self.team_size:
                before = f"{found} ≥ {previous.team_size}"
                after = f"{found} < {self.team_size}"
                yield self._prepare_effect("team_size", what, task, before, after)

    def _get_strata_effects(self, previous, tasks):
        """Strata that would be drawn at another ratio: their own has changed, or the floor."""
        what = self.env._("Sampling ratio of a stratum changes")
        risk_class = self.env["srsp.target"]._fields["risk_class"]
        names = dict(
            risk_class._description_selection(self.env),
            key=self.env._("Key"),
            ordinary=self.env._("Ordinary"),
            none=self.env._("Without a risk class"),
        )
        for task in tasks:
            kinds = [kind for kind in task.stratify_by.split("+") if kind in STRATA]
            for parts in itertools.product(*(STRATA[kind] for kind in kinds)):
                key, kind = "/".join(parts), "+".join(kinds) or "none"
                before = max(task.ratio, previous._stratum_ratio(key, kind))
                after = max(task.ratio, self._stratum_ratio(key, kind))
                if not float_compare(before, after, 4):
                    continue
                own = [f"ratio_{part.lower()}" for part in parts]
                moved = [n for n in own if n in self and self[n] != previous[n]]
                name = " · ".join(names[part] for part in parts)
                yield self._prepare_effect(
                    moved[0] if moved else "floor_ratio",
                    what,
                    task,
                    f"{name}: {percent(before)}",
                    f"{name}: {percent(after)}",
                )

    def _get_exclusion_effects(self, previous, tasks):
        """Tasks from whose pool a changed cap or interval, taken alone, excludes more or fewer targets."""
        changed = [name for name in EXCLUDING if self[name] != previous[name]]
        what = self.env._("Targets excluded from the draw")
        for task in tasks.filtered(lambda task: task.mode == "own") if changed else ():
            day = beijing_date(task.lock_at) if task.lock_at else self.effective_date
            before = task._get_roster_lock(previous).count_left_out(day)
            for name in changed:
                alone = self.new(
                    {other: previous[other] for other in EXCLUDING} | {name: self[name]}
                )
                after = task._get_roster_lock(alone).count_left_out(day)
                if after != before:
                    yield self._prepare_effect(name, what, task, before, after)

    def _get_load_effects(self, previous, tasks):
        """Tasks for which another number of inspectors has reached the annual limit."""
        what = self.env._("Inspectors who have reached the annual inspection limit")

        @functools.cache
        def get_loads(task):
            return task._get_roster_lock(self).eligibility.loads.values()

        def count(rulebook, task):
            return sum(0 < rulebook.officer_cap <= load for load in get_loads(task))

        return self._compare(previous, tasks, "officer_cap", what, count)

    def _get_source_effects(self, previous, tasks):
        """Tasks that follow the rulebook, and those whose own source it no longer allows."""
        allowed = self.env["srsp.draw"]._get_allowed_kinds(self.randomness_kind)
        return self._compare(
            previous,
            tasks.filtered(lambda task: task.randomness_kind not in allowed),
            "randomness_kind",
            self.env._("Source of randomness changes"),
            lambda rulebook, task: rulebook._get_parameter_text("randomness_kind"),
        )

    def _get_lock_effects(self):
        what = self.env._("Roster lock time changes")
        for task, lock_at in self._get_lock_moves().items():
            times = beijing_time(task.lock_at), beijing_time(lock_at)
            yield self._prepare_effect("lock_lead_hours", what, task, *times)

    def _get_lock_moves(self):
        """``{task: new lock time}`` of the tasks that are not announced and whose time was not set by hand."""
        published = self._find_published(self.company_id)
        coming = published | self.sudo()
        moves = {}
        for task in self._find_tasks("planned"):
            if task.announced_on or not task.draw_at:
                continue
            lock_at = coming._get_lock_at(task.draw_at)
            before = published._get_lock_at(task.draw_at)
            if task.lock_at == before != lock_at:
                moves[task] = lock_at
        return moves

    def _get_rectification_effects(self, previous, tasks):
        what = self.env._(
            "Deadline of a rectification ordered on the last day of the inspection window changes"
        )
        return self._get_deadline_effects(
            previous,
            tasks,
            "rectification_days",
            what,
            lambda date, days: date + datetime.timedelta(days=days),
        )

    def _get_deadline_effects(self, previous, tasks, parameter, what, add_days):
        """The deadline of what is formed on the last day of each task's window.

        :param add_days: function of a date and the parameter's value that gives the deadline
        """
        add_days = functools.cache(add_days)
        return self._compare(
            previous,
            tasks,
            parameter,
            what,
            lambda rulebook, task: add_days(task.date_to, rulebook[parameter]),
        )


def _get_reason(record, field):
    """Why a task's or an item's ``field`` is below the floor; an empty string without a reason."""
    if record._name == "srsp.task":
        return record._get_ratio_reason()
    return (record[f"{field}_reason"] or "").strip()
