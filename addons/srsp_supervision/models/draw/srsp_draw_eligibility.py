from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

MAX_NAMES = 5
# What leads from a ``target`` to the ``class`` of those who may visit it, once ``_make_classes`` has made both tables.
CLASS_JOINS = SQL(
    """LEFT JOIN srsp_lock_recused recused ON recused.entity_id = target.entity_id
            JOIN srsp_lock_class class
              ON class.region = coalesce(target.region, '') AND class.recused = coalesce(recused.number, 0)"""
)


class SrspDraw(models.Model):
    """Who may visit whom: eligibility classes, fixed when the roster is locked.

    A class is a set of inspectors written as a number: bit i stands for the one at index i of those that
    stand in the certificate. Whoever serves one of the task's sectors may visit all its targets: a joint visit
    has officers of each. Targets of the same region whose entities have the same recused inspectors share a
    class; so there are few, whatever the size of the registry.
    """

    _inherit = "srsp.draw"

    @api.model
    def _get_eligible_inspectors(self, task):
        """Officers, and experts where the task asks for them, who may be drawn; ascending by label."""
        inspectors = self.env["srsp.inspector"]
        domain = inspectors._get_eligible_domain(task)
        if task.experts:
            domain |= inspectors._get_expert_domain(task)
        return inspectors.search(domain).sorted("staff_number")

    @api.model
    def _get_recusal_domain(self, task, inspectors):
        """Recusals of ``inspectors`` that count during the window of ``task``."""
        binding = self.env["srsp.recusal"]._get_binding_domain
        return binding(task.date_from, task.date_to) & Domain(
            "inspector_id", "in", inspectors.ids
        )

    @api.model
    def _make_classes(self, task, inspectors, pool):
        """Make the temporary tables ``srsp_lock_recused`` and ``srsp_lock_class``; return the classes.

        :param pool: Domain on the targets
        :return: list of sets of ``inspectors``, as numbers; its index is ``srsp_lock_class.number``
        """
        recused = self._make_recused(task, inspectors)
        kinds = self.env.execute_query(
            SQL(
                """SELECT DISTINCT coalesce(target.region, ''), coalesce(recused.number, 0)
                     FROM %s target
                LEFT JOIN srsp_lock_recused recused ON recused.entity_id = target.entity_id""",
                self._get_pool_sql(pool),
            )
        )
        masks = self._get_masks(inspectors)
        classes, rows = {}, []
        for region, number in kinds:
            mask = masks(region) & ~recused[number]
            rows.append((region, number, classes.setdefault(mask, len(classes))))
        self.env.cr.execute(
            """CREATE TEMP TABLE srsp_lock_class
               (region varchar, recused int, number int) ON COMMIT DROP"""
        )
        self.env.cr.execute_values("INSERT INTO srsp_lock_class VALUES %s", rows)
        self.env.cr.execute("ANALYZE srsp_lock_class")
        return list(classes)

    @api.model
    def _get_pool_sql(self, domain):
        """The targets of ``domain``, as a table expression; no self-join that each of a million would look up."""
        query = self.env["srsp.target"].sudo()._search(domain)
        return query.subselect(SQL("srsp_target.*"))

    @api.model
    def _make_recused(self, task, inspectors):
        """Make ``srsp_lock_recused`` (entity, number of its set); return the sets, as numbers. 0 is nobody."""
        self.env.flush_all()
        recusals = self.env["srsp.recusal"].sudo()
        found = recusals._search(self._get_recusal_domain(task, inspectors))
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
        bit = {key: 1 << place for place, key in enumerate(inspectors.ids)}
        return {
            0: 0,
            **{number: sum(bit[key] for key in keys) for number, keys in sets},
        }

    @api.model
    def _get_masks(self, inspectors):
        """A function of a region: which of ``inspectors`` serve it.

        Whoever names no region serves every one, and whoever names one those below it too; a target without a region
        is served by everybody.
        """
        regions, everywhere = {}, 0
        labels = inspectors.region_ids._get_labels_below()
        for place, inspector in enumerate(inspectors):
            bit = 1 << place
            served = (labels[region.id] for region in inspector.region_ids)
            for label in set().union(*served):
                regions[label] = regions.get(label, 0) | bit
            if not inspector.region_ids:
                everywhere |= bit
        everybody = (1 << len(inspectors)) - 1
        return lambda region: (
            everywhere | regions.get(region, 0) if region else everybody
        )

    @api.model
    def _check_officers(self, task, inspectors, rulebook):
        """Raise unless every target that may be drawn has enough officers who may visit it."""
        self._check_team(task, inspectors, rulebook)
        pool = task._get_pool_domain() & Domain("state", "=", "active")
        classes = self._make_classes(task, inspectors, pool)
        source = SQL("%s target %s WHERE TRUE", self._get_pool_sql(pool), CLASS_JOINS)
        short = self._find_short_classes(task, inspectors, rulebook, classes)
        self._check_short(task, rulebook, source, SQL("class.number"), short)

    def _check_locked_officers(self, task, inspectors, rulebook, classes):
        """The same for the roster as it was locked."""
        source = SQL(
            "srsp_draw_line target WHERE draw_id = %s AND excluded_reason IS NULL",
            self.id,
        )
        short = self._find_short_classes(task, inspectors, rulebook, classes)
        self._check_short(task, rulebook, source, SQL("target.class_index"), short)

    @api.model
    def _check_team(self, task, inspectors, rulebook):
        officers = inspectors.filtered(lambda one: one.pool_kind != "expert")
        needed = task._get_team_size(rulebook)
        if len(officers) < needed:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(found)s officers are eligible, a team needs %(needed)s. Check certificates (valid"
                    " until %(until)s), duty state and sector “%(sector)s” of the inspectors. %(advice)s",
                    task=task.name,
                    advice=self._advise_on_officers(task),
                    found=len(officers),
                    needed=needed,
                    until=task.date_to,
                    sector=", ".join(task.sector_ids.mapped("name")),
                )
                + self._add_lacking(task)
            )
        if len(inspectors - officers) < task.experts:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(found)s experts can join, a team needs %(needed)s. Add experts to the"
                    " registry, or ask for fewer.",
                    task=task.name,
                    found=len(inspectors - officers),
                    needed=task.experts,
                )
            )

    @api.model
    def _find_short_classes(self, task, inspectors, rulebook, classes):
        """Indexes of the classes in which a team lacks people below the cap: ``{"officers": […], "experts": […]}``."""
        loads = inspectors._get_loads(task.date_to.year)
        officers = experts = 0
        for place, inspector in enumerate(inspectors):
            if (
                rulebook.officer_cap
                and loads.get(inspector.id, 0) >= rulebook.officer_cap
            ):
                continue
            if inspector.pool_kind == "expert":
                experts |= 1 << place
            else:
                officers |= 1 << place
        size = task._get_team_size(rulebook)
        return {
            "officers": [
                number
                for number, mask in enumerate(classes)
                if (mask & officers).bit_count() < size
            ],
            "experts": [
                number
                for number, mask in enumerate(classes)
                if (mask & experts).bit_count() < task.experts
            ],
        }

    @api.model
    def _check_short(self, task, rulebook, source, number, short):
        """Raise when a target of ``source`` is in one of the ``short`` classes, and name the first entities.

        :param dict short: what ``_find_short_classes`` returns
        """
        for pool, classes in short.items():
            rows = classes and self.env.execute_query(
                SQL(
                    """SELECT entity.name, count(*) OVER () FROM srsp_entity entity WHERE id IN (
                           SELECT target.entity_id FROM %s AND %s IN %s) ORDER BY entity.name LIMIT %s""",
                    source,
                    number,
                    tuple(classes),
                    MAX_NAMES,
                )
            )
            if rows:
                raise UserError(
                    self._describe_shortage(
                        pool,
                        task=task.name,
                        advice=self._advise_on_officers(task),
                        needed=task._get_team_size(rulebook),
                        experts=task.experts,
                        names=", ".join(name for name, _count in rows),
                        count=rows[0][1],
                    )
                    + self._add_lacking(task)
                )

    def _describe_shortage(self, pool, **values):
        """The message for too few people of ``pool``, with what helps against it."""
        if pool == "experts":
            return self.env._(
                "Task %(task)s: after recusals too few experts remain for %(names)s (%(count)s in all), given their"
                " sectors, regions and loads: a team needs %(experts)s. Add experts to the registry, or ask for fewer.",
                **values,
            )
        return self.env._(
            "Task %(task)s: after recusals too few officers remain for %(names)s (%(count)s in all), given"
            " their sectors, regions and loads: a team needs %(needed)s. %(advice)s",
            **values,
        )

    @api.model
    def _advise_on_officers(self, task):
        """What helps a task with too few officers; the detachment is no advice where it supports already."""
        if task.use_detachment:
            return self.env._("Add officers to the registry.")
        return self.env._(
            "Add officers to the registry, or let the detachment support."
        )

    @api.model
    def _add_lacking(self, task):
        """What the items demand and officers lack, to follow an advice."""
        lacking = self.env["srsp.inspector"]._describe_lacking(task)
        return f" {lacking}" if lacking else ""

    @api.model
    def _prepare_inspector_rows(self, task, inspectors):
        """``[[label, pool, unit, load], …]``; the load is this year's number of visits."""
        units = task._get_units()
        loads = inspectors._get_loads(task.date_to.year)
        return [
            [
                inspector.staff_number,
                self._get_pool(inspector, units),
                inspector.division_id.code,
                loads.get(inspector.id, 0),
            ]
            for inspector in inspectors
        ]

    @api.model
    def _get_pool(self, inspector, units):
        if inspector.pool_kind == "expert":
            return "expert"
        return "division" if inspector.division_id in units else "detachment"
