from collections import defaultdict
from functools import cached_property

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

MAX_NAMES = 5
# What leads from a ``target`` to the ``class`` of those who may visit it, once ``make`` has made both tables.
CLASS_JOINS = SQL(
    """LEFT JOIN srsp_lock_recused recused ON recused.entity_id = target.entity_id
            JOIN srsp_lock_class class
              ON class.region = coalesce(target.region, '') AND class.recused = coalesce(recused.number, 0)"""
)


def targets_sql(env, domain):
    """Return the targets of ``domain`` as a table expression; a self-join would look up each of a million."""
    query = env["srsp.target"].sudo()._search(domain)
    return query.subselect(SQL("srsp_target.*"))


class EligibilityClasses:
    """Who may visit whom for a task: eligibility classes, fixed when its roster is locked.

    A class is a set of ``inspectors`` written as a number: bit i stands for the one at index i, in the order in which
    they stand in the certificate. Whoever serves one of the task's sectors may visit all its targets: a joint visit
    has officers of each. Targets of the same region whose entities have the same recused inspectors share a
    class; so there are few, whatever the size of the registry.
    """

    def __init__(self, env, task, rulebook):
        self.env = env
        self.task = task
        self.rulebook = rulebook
        self.masks = []  # the classes, once ``make`` has run

    @cached_property
    def inspectors(self):
        """Officers, and experts where the task asks for them, who may be drawn; ascending by label."""
        inspectors = self.env["srsp.inspector"]
        domain = inspectors._get_eligible_domain(self.task)
        if self.task.experts:
            domain |= inspectors._get_expert_domain(self.task)
        return inspectors.search(domain).sorted("staff_number")

    @cached_property
    def team_size(self):
        return self.task._get_team_size(self.rulebook)

    @cached_property
    def loads(self):
        """``{inspector id: visits of the year}`` of the inspectors who have any."""
        return self.inspectors._get_loads(self.task.date_to.year)

    def get_rows(self):
        """Return ``[[label, pool, unit, load], …]`` of the inspectors; the load is this year's number of visits."""
        pools = dict.fromkeys(self.task._get_units(), "division")
        return [
            [
                one.staff_number,
                "expert"
                if one.pool_kind == "expert"
                else pools.get(one.division_id, "detachment"),
                one.division_id.code,
                self.loads.get(one.id, 0),
            ]
            for one in self.inspectors
        ]

    def check_team(self):
        """Raise unless there are enough officers and experts for one team."""
        officers = self.inspectors.filtered(lambda one: one.pool_kind != "expert")
        if len(officers) < self.team_size:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(found)s officers are eligible, a team needs %(needed)s. Check certificates (valid"
                    " until %(until)s), duty state and sector “%(sector)s” of the inspectors. %(advice)s",
                    task=self.task.name,
                    advice=self._advise_on_officers(),
                    found=len(officers),
                    needed=self.team_size,
                    until=self.task.date_to,
                    sector=", ".join(self.task.sector_ids.mapped("name")),
                )
                + self._add_lacking()
            )
        if len(self.inspectors - officers) < self.task.experts:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(found)s experts can join, a team needs %(needed)s. Add experts to the"
                    " registry, or ask for fewer.",
                    task=self.task.name,
                    found=len(self.inspectors - officers),
                    needed=self.task.experts,
                )
            )

    def check_pool(self):
        """Raise unless every target that may be drawn has enough eligible people."""
        pool = self.task._get_pool_domain() & Domain("state", "=", "active")
        self.make(pool)
        targets = targets_sql(self.env, pool)
        source = SQL("%s target %s WHERE TRUE", targets, CLASS_JOINS)
        self._check_short(source, SQL("class.number"))

    def check_roster(self, draw):
        """Raise unless every target of the locked roster of ``draw`` has enough eligible people."""
        source = SQL(
            "srsp_draw_line target WHERE draw_id = %s AND excluded_reason IS NULL",
            draw.id,
        )
        self._check_short(source, SQL("target.class_index"))

    def make(self, pool):
        """Make the classes of the targets in ``pool`` (a Domain): ``masks``, a list of sets, each a number.

        Also makes the temporary tables ``srsp_lock_recused`` and ``srsp_lock_class``, whose ``number`` is an index
        of the list.
        """
        recused = self._make_recused()
        kinds = self.env.execute_query(
            SQL(
                """SELECT DISTINCT coalesce(target.region, ''), coalesce(recused.number, 0)
                     FROM %s target
                LEFT JOIN srsp_lock_recused recused ON recused.entity_id = target.entity_id""",
                targets_sql(self.env, pool),
            )
        )
        serving = self._get_serving()
        classes, rows = {}, []
        for region, number in kinds:
            mask = serving(region) & ~recused[number]
            rows.append((region, number, classes.setdefault(mask, len(classes))))
        self.env.cr.execute(
            """CREATE TEMP TABLE srsp_lock_class
               (region varchar, recused int, number int) ON COMMIT DROP"""
        )
        self.env.cr.execute_values("INSERT INTO srsp_lock_class VALUES %s", rows)
        self.env.cr.execute("ANALYZE srsp_lock_class")
        self.masks = list(classes)

    def _make_recused(self):
        """Make ``srsp_lock_recused`` (entity, number of its set); return the sets, as numbers; set 0 is empty."""
        self.env.flush_all()
        recusals = self.env["srsp.recusal"].sudo()
        window = self.task.date_from, self.task.date_to
        found = recusals._search(
            recusals._get_binding_domain(*window)
            & Domain("inspector_id", "in", self.inspectors.ids)
        )
        self.env.cr.execute("DROP TABLE IF EXISTS srsp_lock_recused, srsp_lock_class")
        self.env.cr.execute(
            SQL(
                """CREATE TEMP TABLE srsp_lock_recused ON COMMIT DROP AS
                   SELECT entity_id, inspectors, dense_rank() OVER (ORDER BY inspectors)::int AS number
                     FROM (SELECT entity_id, array_agg(DISTINCT inspector_id ORDER BY inspector_id) AS inspectors
                             FROM srsp_recusal WHERE id IN %s GROUP BY entity_id) recused""",
                found.subselect(),
            )
        )
        self.env.cr.execute("ANALYZE srsp_lock_recused")
        sets = self.env.execute_query(
            SQL("SELECT DISTINCT number, inspectors FROM srsp_lock_recused")
        )
        place = {key: place for place, key in enumerate(self.inspectors.ids)}
        masks = {number: sum(1 << place[key] for key in keys) for number, keys in sets}
        return {0: 0, **masks}

    def _get_serving(self):
        """Return a function of a region: the set of the inspectors who serve it.

        An inspector without regions serves every region, one with regions also those below them; everybody serves
        a target without a region.
        """
        regions = defaultdict(int)
        labels = self.inspectors.region_ids._get_labels_below()
        for place, inspector in enumerate(self.inspectors):
            served = (labels[region.id] for region in inspector.region_ids)
            for label in set().union(*served):
                regions[label] |= 1 << place
        everywhere = self._get_mask(lambda one: not one.region_ids)
        everybody = self._get_mask(bool)
        return lambda region: everywhere | regions[region] if region else everybody

    def _get_mask(self, condition):
        """Return the set of the inspectors who meet ``condition``, a function."""
        people = enumerate(self.inspectors)
        return sum(1 << place for place, one in people if condition(one))

    def _check_short(self, source, number):
        """Raise when a target of ``source``, of class ``number``, has too few people, and name the first entities."""
        cap = self.rulebook.officer_cap
        free = self._get_mask(lambda one: not cap or self.loads.get(one.id, 0) < cap)
        experts = self._get_mask(lambda one: one.pool_kind == "expert")
        for pool, able, needed in (
            ("officers", free & ~experts, self.team_size),
            ("experts", free & experts, self.task.experts),
        ):
            short = [
                index
                for index, mask in enumerate(self.masks)
                if (mask & able).bit_count() < needed
            ]
            rows = short and self.env.execute_query(
                SQL(
                    """SELECT entity.name, count(*) OVER () FROM srsp_entity entity WHERE id IN (
                           SELECT target.entity_id FROM %s AND %s IN %s) ORDER BY entity.name LIMIT %s""",
                    source,
                    number,
                    tuple(short),
                    MAX_NAMES,
                )
            )
            if rows:
                names = ", ".join(name for name, _count in rows)
                shortage = self._describe_shortage(pool, names, rows[0][1])
                raise UserError(shortage + self._add_lacking())

    def _describe_shortage(self, pool, names, count):
        """Return the message for too few people of ``pool``, with advice."""
        values = {"task": self.task.name, "names": names, "count": count}
        if pool == "experts":
            return self.env._(
                "Task %(task)s: after recusals too few experts remain for %(names)s (%(count)s in all), given their"
                " sectors, regions and loads: a team needs %(experts)s. Add experts to the registry, or ask for fewer.",
                experts=self.task.experts,
                **values,
            )
        return self.env._(
            "Task %(task)s: after recusals too few officers remain for %(names)s (%(count)s in all), given"
            " their sectors, regions and loads: a team needs %(needed)s. %(advice)s",
            needed=self.team_size,
            advice=self._advise_on_officers(),
            **values,
        )

    def _advise_on_officers(self):
        """Return advice for a task with too few officers; the detachment only where it does not support already."""
        if self.task.use_detachment:
            return self.env._("Add officers to the registry.")
        return self.env._(
            "Add officers to the registry, or request support from the detachment."
        )

    def _add_lacking(self):
        """Return what the items demand and officers lack, to append to a message."""
        lacking = self.env["srsp.inspector"]._describe_lacking(self.task)
        return f" {lacking}" if lacking else ""
