import datetime
import hashlib
import secrets

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools import certificate as cert
from ...tools import drand, eligibility
from ...tools.clock import beijing_date
from ...tools.sql import planned
from ..rulebook.srsp_rulebook import percent
from .eligibility_classes import CLASS_JOINS, EligibilityClasses, targets_sql
from .one_time_codes import commit
from .srsp_draw import SPARE_CODES

MAX_STRATA = 20
# Every part of a stratum key is one line; the region comes last, for it may hold a slash.
PARTS = {
    "none": SQL("'all'"),
    "risk_class": SQL("coalesce(target.risk_class, 'none')"),
    "key": SQL("CASE WHEN target.is_key THEN 'key' ELSE 'ordinary' END"),
    "region": SQL("coalesce(target.region, 'none')"),
}


class RosterLock:
    """Locking the roster of a task: the first half of a draw's life, before any randomness exists.

    ``lock`` does it, ``check`` is what an announcement asks for. ``srsp.task._get_roster_lock`` returns one.
    """

    def __init__(self, env, task, rulebook):
        self.env = env
        self.task = task
        self.rulebook = rulebook
        self.randomness_kind = task.randomness_kind or rulebook.randomness_kind
        self.eligibility = EligibilityClasses(env, task, rulebook)
        self.draw = env["srsp.draw"]  # what ``lock`` creates
        self.strata = []  # ``[{key, size, ratio, quota}, …]`` of its roster

    def check(self):
        """Raise unless the roster could be locked as the registries stand now."""
        self._check_floor()
        self._check_required_strata()
        self._check_pool_strata()
        self._check_source()
        self.eligibility.check_team()
        self.eligibility.check_pool()

    def lock(self, now):
        """Lock the roster at ``now`` (UTC) and return the new draw, committed.

        :raise UserError: when the pool is empty, the ratio is below the floor without a reason, or
            some target has fewer eligible officers than a team needs
        """
        self._check_items()
        self._check_floor()
        self._check_required_strata()
        self._check_source()
        self.eligibility.check_team()
        self.draw = self.draw.create(self._prepare_draw_vals(now))
        self._fill()
        self.eligibility.check_roster(self.draw)
        self._write_commitment()
        self._check_capacity()
        for kind, payload in self.draw._get_lock_seals().items():
            self.env["srsp.event"]._seal(self.draw, kind, payload)
        return self.draw

    def _check_items(self):
        """Raise unless there is an item to inspect on every target."""
        items = self.task.item_ids
        if not items or self.task.sector_ids - items.sector_id:
            raise UserError(
                self.env._(
                    "Task %(task)s has no item to inspect in each of its sectors.",
                    task=self.task.name,
                )
            )

    def _check_floor(self):
        task, floor = self.task, self.rulebook.floor_ratio
        if task.ratio < floor and not task._get_ratio_reason():
            raise UserError(
                self.env._(
                    "Task %(task)s: ratio %(ratio)s is below the rulebook's floor of %(floor)s; raise it, or give a"
                    " reason, which will be published.",
                    task=task.name,
                    ratio=task.ratio,
                    floor=floor,
                )
            )

    def _check_required_strata(self):
        """Raise when risk classes or key targets are not drawn by the rulebook's ratios, without a reason."""
        task = self.task
        if task.mode != "own" or (task.stratify_reason or "").strip():
            return
        required = self.rulebook._get_required_strata(task.ratio)
        if set(required) - set(task.stratify_by.split("+")):
            kinds = dict(task._fields["stratify_by"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Task %(task)s: the rulebook sets separate ratios for risk classes and key targets, above "
                    "%(ratio)s. Stratify by “%(kinds)s”, or give a reason, which will be published.",
                    task=task.name,
                    ratio=percent(max(task.ratio, self.rulebook.floor_ratio)),
                    kinds=kinds["+".join(required)],
                )
            )

    def _check_pool_strata(self):
        """Raise when a ratio was set for a stratum without a target in the pool."""
        if self.task.stratum_ids:
            pool = self.task._get_pool_domain() & Domain("state", "=", "active")
            query = SQL(
                "SELECT DISTINCT %s FROM %s target",
                _stratum_sql(self.task.stratify_by),
                targets_sql(self.env, pool),
            )
            keys = [key for [key] in self.env.execute_query(query)]
            self._check_own_strata(keys)

    def _check_own_strata(self, keys):
        """Raise unless all strata with a ratio of their own are among ``keys``; a list sent down has none."""
        own = self.task.stratum_ids if self.task.mode == "own" else ()
        if strange := {stratum.key for stratum in own} - set(keys):
            raise UserError(
                self.env._(
                    "Task %(task)s: no target is in stratum %(strata)s, for which a ratio was set. Existing strata: "
                    "%(known)s.",
                    task=self.task.name,
                    strata=", ".join(sorted(strange)),
                    known=", ".join(
                        self.draw._get_stratum_name(key, self.task.stratify_by)
                        for key in sorted(keys)[:MAX_STRATA]
                    ),
                )
            )

    def _check_source(self):
        kind = self.randomness_kind
        if kind not in self.draw._get_allowed_kinds(self.rulebook.randomness_kind):
            raise UserError(
                self.env._(
                    "Task %(task)s: the rulebook does not allow this source of randomness. Use the rulebook's, "
                    "“%(kind)s”, or one that proves more.",
                    task=self.task.name,
                    kind=self.rulebook._get_parameter_text("randomness_kind"),
                )
            )
        if kind == "lottery" and not (self.task.lottery or "").strip():
            raise UserError(
                self.env._(
                    "Task %(task)s: enter the lottery and the issue that provide the randomness.",
                    task=self.task.name,
                )
            )
        if kind == "drand" and not self.task.company_id._srsp_get_drand_urls():
            raise UserError(
                self.env._(
                    "%(company)s has no drand address: set one in Settings › Companies.",
                    company=self.task.company_id.name,
                )
            )

    def _prepare_draw_vals(self, now):
        task, kind = self.task, self.randomness_kind
        nonce = secrets.token_bytes(32)
        n = 1 + self.rulebook.substitutes_allowed + SPARE_CODES
        moment = task.draw_at.replace(tzinfo=datetime.UTC).timestamp()
        beacon = kind == "drand" and {
            "chain_hash": drand.CHAIN_HASH,
            "round": drand.round_at(moment),
            "public_key": drand.PUBLIC_KEY,
        }
        return {
            "number": f"{task.number}-{len(task.draw_ids) + 1}",
            "task_id": task.id,
            "company_id": task.company_id.id,
            "rulebook_id": self.rulebook.id,
            "n": n,
            "nonce": nonce.hex(),
            "code_hex": commit(self.env, nonce, n, task.draw_at),
            "stratify_by": task.stratify_by,
            "certificate_format": cert.FORMAT,
            "external": task._get_external() or False,
            "team_size": self.eligibility.team_size,
            "experts": task.experts,
            "officer_cap": self.rulebook.officer_cap,
            "units": task._get_units().mapped("code"),
            "announced_for": task.draw_at,
            "randomness_kind": kind,
            "lottery": task.lottery if kind == "lottery" else "",
            "drand": beacon,
            "locked_at": now,
            "head": {
                "task": task.number,
                "task_name": task.name,
                "bureau": task.company_id.name,
                "division": task.division_id.name,
                "rulebook": self.rulebook.name,
            },
        }

    def _fill(self):
        """Copy the pool into the roster by one SQL statement, with a reason for each excluded target.

        The rows are stored in the order of their labels, in which the digest and the tree read them.

        Reasons: ``filter``, outside the target filter of the task; ``suspended`` in the registry; ``removed`` from
        it since the announcement; and, where the bureau draws by itself, those of ``_get_reasons_sql``. The filter and
        these do not apply to a list sent down: the authority that drew it is responsible for caps and intervals; its
        document orders every one of these visits, and shortening the list would be a new selection.
        """
        pool = self.task._get_lock_domain()
        self.eligibility.make(pool)
        self.env.flush_all()
        stratum, reasons, joins = SQL("'external'"), SQL(), SQL()
        first, chosen = SQL(), SQL()
        if not self.draw.external:
            first, chosen = self._get_filter_sql()
            stratum = _stratum_sql(self.draw.stratify_by)
            reasons = self._get_reasons_sql()
            joins = self._get_reason_joins_sql(beijing_date(self.draw.locked_at))
        query = SQL(
            """
                INSERT INTO srsp_draw_line (draw_id, target_id, entity_id, label, stratum, class_index, excluded_reason)
                SELECT %(draw)s, target.id, target.entity_id, target.code, %(stratum)s, class.number,
                       CASE %(first)s WHEN target.state = 'suspended' THEN 'suspended'
                            WHEN target.state = 'cancelled' THEN 'removed' %(reasons)s END
                  FROM %(pool)s target %(classes)s %(chosen)s %(joins)s
              ORDER BY target.code COLLATE "C"
                """,
            draw=self.draw.id,
            stratum=stratum,
            classes=CLASS_JOINS,
            first=first,
            reasons=reasons,
            chosen=chosen,
            joins=joins,
            pool=targets_sql(self.env, pool),
        )
        # PostgreSQL cannot estimate how many rows the joins return; nested loops would be slow.
        with planned(self.env.cr, enable_nestloop="off"):
            self.env.cr.execute(query)
        self.env.cr.execute("ANALYZE srsp_draw_line")
        self.env["srsp.draw.line"].invalidate_model()
        self.strata = self._make_strata()

    def _get_filter_sql(self):
        """Return what excludes a target outside the filter, as a branch of a CASE, and its join; empty without one."""
        if not self.task.is_directed:
            return SQL(), SQL()
        query = self.env["srsp.target"].sudo()._search(self.task._get_scope_domain())
        return (
            SQL("WHEN chosen.id IS NULL THEN 'filter'"),
            SQL("LEFT JOIN %s chosen ON chosen.id = target.id", query.subselect()),
        )

    def _get_reasons_sql(self):
        """Return why a bureau excludes a target from its own draw, as branches of a CASE.

        ``external_case``: a case has been handed over to enforcement and may still be open; ``interval``: one of
        the items has been inspected too short a time ago; ``visit_cap``: the entity has had as many visits
        this year as its risk class or one of the items allows.
        """
        caps = filter(None, self.task.item_ids.mapped("annual_visit_cap"))
        return SQL(
            """WHEN handed.target_id IS NOT NULL THEN 'external_case'
               WHEN recent.target_id IS NOT NULL THEN 'interval'
               WHEN visits.count >= least(%(item_cap)s::int, nullif(CASE target.risk_class
                    %(class_caps)s END, 0)) THEN 'visit_cap'""",
            item_cap=min(caps, default=None),
            class_caps=SQL(" ").join(
                SQL("WHEN %s THEN %s", letter, self.rulebook[f"cap_{letter.lower()}"])
                for letter in "ABCD"
            ),
        )

    def _get_reason_joins_sql(self, day):
        """Return the joins: ``visits`` of the year per entity, ``recent``-ly inspected and ``handed`` over targets."""
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
            year=self.task.date_to.year,
            codes=tuple(self.task.item_ids.mapped("code")) or ("",),
            company=self.task.company_id.id,
            day=day,
            interval=self.rulebook.interval_days,
            case_days=self.rulebook.case_days,
        )

    def _make_strata(self):
        """Return ``[{key, size, ratio, quota}, …]`` of the roster, ascending by key; own ratios with their reason.

        :raise UserError: when every target is excluded, or a ratio was set for a stratum without a target
        """
        sizes = self.draw._query_lines(
            SQL("stratum, count(*)"),
            SQL(
                'excluded_reason IS NULL GROUP BY stratum ORDER BY stratum COLLATE "C"'
            ),
        )
        if not sizes:
            raise UserError(
                self.env._(
                    "Task %(task)s: every target of the pool is excluded (suspended, or annual inspection limit "
                    "reached); there is no target to draw.",
                    task=self.task.name,
                )
            )
        self._check_own_strata([key for key, _size in sizes])
        return [self._prepare_stratum(key, size) for key, size in sizes]

    def _prepare_stratum(self, key, size):
        """Return one stratum of the commitment; a risk class or the key mark may raise the task's ratio."""
        own = self.task.stratum_ids.filtered(lambda stratum: stratum.key == key)
        if self.draw.external:
            ratio = 1.0
        elif own:
            ratio = own.ratio
        else:
            rule = self.rulebook._stratum_ratio(key, self.draw.stratify_by)
            ratio = max(self.task.ratio, rule)
        ratio = round(ratio, 4)
        stratum = {"key": key, "size": size, "ratio": ratio}
        reason = {"reason": cert.one_line(own.reason)} if own else {}
        return {**stratum, "quota": cert.quota(size, ratio), **reason}

    def _write_commitment(self):
        """Compute what the commitment says about the roster and write it; it never changes afterwards."""
        rows, ids = self.eligibility.get_rows(), self.eligibility.inspectors.ids
        salt, roster = secrets.token_bytes(32), hashlib.sha256()
        texts = [f"{mask:x}" for mask in self.eligibility.masks]
        self.draw.write(
            {
                "strata": self.strata,
                "stratum_labels": self._make_stratum_labels(),
                "eligibility_salt": salt.hex(),
            }
        )
        lines = self.draw._stream_public_roster("class_index")
        leaves = ((line[0], texts[line[2]]) for line in cert.watch(lines, roster))
        root = eligibility.root(leaves, salt)
        self.draw.write(
            {
                "randomness_statement": self._get_randomness_statement(),
                "classes": texts,
                "inspectors": rows,
                "inspector_refs": {
                    row[0]: key for row, key in zip(rows, ids, strict=True)
                },
                "eligibility_root_hex": root.hex(),
                "excluded_digest_hex": cert.digest(self.draw._stream_public_excluded()),
                "inspectors_digest_hex": cert.inspectors_digest(rows),
                "roster_digest_hex": roster.hexdigest(),
            }
        )

    def _make_stratum_labels(self):
        """Return ``{key: number}`` at random: neither the number nor its place tells a risk class or a key target."""
        if self.draw.external or self.draw.stratify_by == "none":
            return False
        keys = [stratum["key"] for stratum in self.strata]
        numbers = secrets.SystemRandom().sample(range(1, len(keys) + 1), len(keys))
        width = len(str(len(keys)))
        return {key: f"{n:0{width}}" for key, n in zip(keys, numbers, strict=True)}

    def _get_randomness_statement(self):
        """Return what the source proves, and whether it is strong enough for the strata; in the bureau's language."""
        draw = self.task.company_id._srsp_in_language(self.draw)
        statement = draw._get_source_statements()[self.randomness_kind]
        outcomes = self.task.lottery_outcomes
        weakness = draw._explain_weakness(self.randomness_kind, outcomes, self.strata)
        return f"{statement} {weakness}".strip()

    def _check_capacity(self):
        """Raise when the officers together cannot make the visits within their cap, whatever is drawn."""
        draw = self.draw
        if not draw.officer_cap:
            return
        room = sum(
            max(0, draw.officer_cap - load)
            for _label, pool, _unit, load in draw.inspectors
            if pool != "expert"
        )
        [[entities]] = draw._query_lines(
            SQL("count(DISTINCT entity_id)"), SQL("excluded_reason IS NULL")
        )
        # Several targets of one entity are one visit: this is the smallest number of visits.
        visits = draw.drawn_count - (draw.roster_size - entities)
        needed = visits * draw.team_size
        if room < needed:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(visits)s visits take %(needed)s places, the officers have capacity for "
                    "%(room)s under the annual limit of %(cap)s visits. Add officers, or raise the limit in the "
                    "rulebook.",
                    task=self.task.name,
                    visits=visits,
                    needed=needed,
                    room=room,
                    cap=draw.officer_cap,
                )
            )

    def count_left_out(self, day):
        """Return how many targets a lock on ``day`` would exclude for one of the reasons of ``_get_reasons_sql``."""
        self.env.flush_all()
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM %s target %s WHERE target.state != 'suspended' AND CASE %s END IS NOT NULL",
                targets_sql(self.env, self.task._get_pool_domain()),
                self._get_reason_joins_sql(day),
                self._get_reasons_sql(),
            )
        )
        return count


def _stratum_sql(stratify_by):
    """Return the stratum key of a ``target``, as SQL."""
    return SQL(" || '/' || ").join(PARTS[part] for part in stratify_by.split("+"))
