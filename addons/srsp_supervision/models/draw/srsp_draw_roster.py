import itertools

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import certificate as cert
from ...tools.clock import beijing_date
from ...tools.sql import planned, stream
from ..rulebook.srsp_rulebook import percent
from .srsp_draw_eligibility import CLASS_JOINS

STRATA_SHOWN = 20
# Every part of a stratum key is one line; the region comes last, for it may hold a slash.
PARTS = {
    "none": SQL("'all'"),
    "risk_class": SQL("coalesce(target.risk_class, 'none')"),
    "key": SQL("CASE WHEN target.is_key THEN 'key' ELSE 'ordinary' END"),
    "region": SQL("coalesce(target.region, 'none')"),
}


class SrspDraw(models.Model):
    """The roster of a draw: who stands in it, in which stratum, and who was left out for what reason."""

    _inherit = "srsp.draw"

    def _fill_roster(self, task, rulebook):
        """Copy the pool into the roster, one SQL statement; whoever is left out gets a reason.

        The rows are stored in the order of their labels, in which the digest and the tree read them.

        Reasons: ``suspended`` in the registry; ``removed`` from it since the announcement; and, where the bureau
        draws by itself, those of ``_get_reasons_sql``. They are not applied to a list sent down: caps and
        intervals are for the authority that drew it to mind; its document orders every one of these visits, and
        whoever shortened the list here would choose anew. Expects the temporary tables of ``_make_classes``.
        """
        self.env.flush_all()
        own = not self.external
        query = SQL(
            """
                INSERT INTO srsp_draw_line (draw_id, target_id, entity_id, label, stratum, class_index, excluded_reason)
                SELECT %(draw)s, target.id, target.entity_id, target.code, %(stratum)s, class.number,
                       CASE WHEN target.state = 'suspended' THEN 'suspended'
                            WHEN target.state = 'cancelled' THEN 'removed' %(reasons)s END
                  FROM %(pool)s target %(classes)s %(joins)s
              ORDER BY target.code COLLATE "C"
                """,
            draw=self.id,
            stratum=self._get_stratum_sql(),
            classes=CLASS_JOINS,
            reasons=self._get_reasons_sql(task, rulebook) if own else SQL(),
            joins=self._get_reason_joins_sql(
                task, rulebook, beijing_date(self.locked_at)
            )
            if own
            else SQL(),
            pool=self._get_pool_sql(task._get_lock_domain()),
        )
        # PostgreSQL cannot guess how many rows the joins leave, and must not look up one by one.
        with planned(self.env.cr, enable_nestloop="off"):
            self.env.cr.execute(query)
        self.env.cr.execute("ANALYZE srsp_draw_line")
        self.env["srsp.draw.line"].invalidate_model()

    def _get_stratum_sql(self):
        return SQL("'external'") if self.external else _stratum_sql(self.stratify_by)

    @api.model
    def _get_reasons_sql(self, task, rulebook):
        """Why a bureau leaves a target out of its own draw.

        ``external_case``: a case has been handed over to enforcement and may still be open; ``interval``: one of
        the items has been inspected too short a time ago; ``visit_cap``: the entity has had as many visits
        this year as its risk class or one of the items allows.
        """
        caps = [cap for cap in task.item_ids.mapped("annual_visit_cap") if cap]
        return SQL(
            """WHEN handed.target_id IS NOT NULL THEN 'external_case'
               WHEN recent.target_id IS NOT NULL THEN 'interval'
               WHEN visits.count >= least(%(item_cap)s::int, nullif(CASE target.risk_class
                    WHEN 'A' THEN %(cap_a)s WHEN 'B' THEN %(cap_b)s
                    WHEN 'C' THEN %(cap_c)s WHEN 'D' THEN %(cap_d)s END, 0)) THEN 'visit_cap'""",
            item_cap=min(caps, default=None),
            cap_a=rulebook.cap_a,
            cap_b=rulebook.cap_b,
            cap_c=rulebook.cap_c,
            cap_d=rulebook.cap_d,
        )

    @api.model
    def _count_left_out(self, task, rulebook, day):
        """How many targets a lock on ``day`` under ``rulebook`` leaves out for one of the reasons above."""
        self.env.flush_all()
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM %s target %s WHERE target.state != 'suspended' AND CASE %s END IS NOT NULL",
                self._get_pool_sql(task._get_pool_domain()),
                self._get_reason_joins_sql(task, rulebook, day),
                self._get_reasons_sql(task, rulebook),
            )
        )
        return count

    @api.model
    def _get_reason_joins_sql(self, task, rulebook, day):
        """``visits`` of the year per entity, targets ``recent``-ly inspected or ``handed`` over, as of ``day``."""
        return SQL(
            """
             LEFT JOIN (SELECT entity_id, count(*) FROM srsp_inspection
                         WHERE year = %(year)s AND stage != 'cancelled' GROUP BY entity_id) visits
                    ON visits.entity_id = target.entity_id
             LEFT JOIN (SELECT DISTINCT line.target_id FROM srsp_inspection visit
                          JOIN srsp_inspection_line line ON line.inspection_id = visit.id
                          JOIN srsp_item item ON item.id = line.item_id
                         WHERE visit.stage = 'closed' AND item.code IN %(codes)s
                           AND visit.company_id = %(company)s
                           AND %(interval)s > 0 AND visit.result_date > %(day)s::date - %(interval)s) recent
                    ON recent.target_id = target.id
             LEFT JOIN (SELECT DISTINCT line.target_id FROM srsp_inspection visit
                          JOIN srsp_inspection_line line ON line.inspection_id = visit.id
                     LEFT JOIN srsp_rectification rectification
                            ON rectification.line_id = line.id AND rectification.state = 'handed_over'
                         WHERE visit.stage = 'closed' AND %(case_days)s > 0
                           AND coalesce(rectification.verified_on,
                                        CASE WHEN line.measure = 'enforce' THEN visit.result_date END)
                               > %(day)s::date - %(case_days)s) handed
                    ON handed.target_id = target.id
            """,
            year=task.date_to.year,
            codes=tuple(task.item_ids.mapped("code")) or ("",),
            company=task.company_id.id,
            day=day,
            interval=rulebook.interval_days,
            case_days=rulebook.case_days,
        )

    def _make_strata(self, task, rulebook):
        """``[{key, size, ratio, quota}, …]`` of the filled roster, ascending by key; own ratios with their reason.

        :raise UserError: when everybody is left out, or a ratio was set for a stratum that nobody is in
        """
        sizes = self.env.execute_query(
            SQL(
                """SELECT stratum, count(*) FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NULL GROUP BY stratum ORDER BY stratum COLLATE "C" """,
                self.id,
            )
        )
        if not sizes:
            raise UserError(
                self.env._(
                    "Task %(task)s: every target of the pool is left out (suspended, or visited often enough this"
                    " year); there is nobody to draw.",
                    task=task.name,
                )
            )
        own = {stratum.key: stratum for stratum in task.stratum_ids}
        self._check_own_strata(task, [key for key, _size in sizes])
        return [
            self._prepare_stratum(task, rulebook, key, size, own.get(key))
            for key, size in sizes
        ]

    @api.model
    def _check_required_strata(self, task, rulebook):
        """Raise when risk classes or key targets would be drawn below the rulebook's ratios and nobody says why."""
        if task.mode != "own" or (task.stratify_reason or "").strip():
            return
        required = rulebook._get_required_strata(task.ratio)
        if set(required) - set(task.stratify_by.split("+")):
            kinds = dict(task._fields["stratify_by"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Task %(task)s: by the rulebook risk classes and key targets have ratios of their own, above"
                    " %(ratio)s. Choose strata by “%(kinds)s”, or give a reason, which will be published.",
                    task=task.name,
                    ratio=percent(max(task.ratio, rulebook.floor_ratio)),
                    kinds=kinds["+".join(required)],
                )
            )

    @api.model
    def _check_strata(self, task):
        """Raise when a ratio was set for a stratum that nobody of the task's pool is in."""
        if task.stratum_ids:
            pool = task._get_pool_domain() & Domain("state", "=", "active")
            query = SQL(
                "SELECT DISTINCT %s FROM %s target",
                _stratum_sql(task.stratify_by),
                self._get_pool_sql(pool),
            )
            keys = [key for [key] in self.env.execute_query(query)]
            self._check_own_strata(task, keys)

    @api.model
    def _check_own_strata(self, task, keys):
        """Raise unless the strata for which a ratio was set are all among ``keys``; a list sent down has none."""
        own = task.stratum_ids if task.mode == "own" else task.stratum_ids.browse()
        if strange := set(own.mapped("key")) - set(keys):
            raise UserError(
                self.env._(
                    "Task %(task)s: nobody is in stratum %(strata)s, for which a ratio was set. There are: %(known)s.",
                    task=task.name,
                    strata=", ".join(sorted(strange)),
                    known=", ".join(
                        self._name_stratum(task.stratify_by, key)
                        for key in sorted(keys)[:STRATA_SHOWN]
                    ),
                )
            )

    def _prepare_stratum(self, task, rulebook, key, size, own):
        """One stratum of the commitment; a risk class or the key mark may raise the task's ratio.

        :param own: the ``srsp.task.stratum`` that sets this stratum's ratio, if there is one
        """
        if self.external:
            ratio = 1.0
        elif own:
            ratio = own.ratio
        else:
            ratio = max(task.ratio, rulebook._stratum_ratio(key, self.stratify_by))
        ratio = round(ratio, 4)
        stratum = {"key": key, "size": size, "ratio": ratio}
        reason = {"reason": cert.one_line(own.reason)} if own else {}
        return {**stratum, "quota": cert.quota(size, ratio), **reason}

    def _stream_roster(self, columns):
        """Rows of the roster, ascending by the label's bytes."""
        return stream(
            self.env.cr,
            SQL(
                """SELECT %s FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NULL ORDER BY label COLLATE "C" """,
                columns,
                self.id,
            ),
        )

    def _query_roster(self):
        """Rows (label, stratum) of the roster, ascending by the label's bytes."""
        return self._stream_roster(SQL("label, stratum"))

    def _stream_leaves(self):
        """Rows (label, class in hexadecimal) of the roster, ascending by the label's bytes."""
        classes = self.classes
        rows = self._stream_roster(SQL("label, class_index"))
        return ((label, classes[index]) for label, index in rows)

    def _query_excluded(self):
        """Rows (label, reason) of the targets that were left out, ascending by the label's bytes."""
        return stream(
            self.env.cr,
            SQL(
                """SELECT label, excluded_reason FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NOT NULL ORDER BY label COLLATE "C" """,
                self.id,
            ),
        )

    @api.model
    def _get_stratum_names(self):
        """Readable names of the parts of stratum keys that are not risk classes or regions."""
        return {
            "all": self.env._("All"),
            "key": self.env._("Key targets"),
            "ordinary": self.env._("Ordinary targets"),
            "none": self.env._("Without a risk class"),
            "external": self.env._("Sent down by a higher authority"),
        }

    def _get_stratum_name(self, key):
        """A stratum key as a person reads it."""
        return self._name_stratum(self.stratify_by or "none", key)

    @api.model
    def _name_stratum(self, stratify_by, key):
        names = self._get_stratum_names()
        kinds = stratify_by.split("+")
        parts = key.split("/", len(kinds) - 1)
        region = {"none": self.env._("Without a region")}
        return " · ".join(
            (region if kind == "region" else names).get(part, part)
            for kind, part in itertools.zip_longest(kinds, parts, fillvalue="")
        )


def _stratum_sql(stratify_by):
    """The stratum key of a ``target``."""
    return SQL(" || '/' || ").join(PARTS[part] for part in stratify_by.split("+"))
