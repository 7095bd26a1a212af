import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, config

from ..tools import certificate as cert
from ..tools import draw_key, vrs
from ..tools.working_days import beijing_date

NAMES_SHOWN = 5


def _one_time_codes(env, nonce, n):
    """``[H^0, …, H^n]`` of the draw with this nonce. No method: nothing that runs in Odoo's sandbox
    (a server action, say) can call it.

    The key lies in the file ``srsp_draw_key_file`` of the configuration, or in the data folder.
    """
    path = config.get("srsp_draw_key_file") or f"{config['data_dir']}/srsp_draw.key"
    try:
        key = draw_key.load(path)
    except (OSError, ValueError) as error:
        raise UserError(
            env._(
                "The draw key cannot be read; ask the administrator: %(error)s",
                error=error,
            )
        ) from error
    return vrs.chain(draw_key.secret(key, nonce), n)


class SrspDraw(models.Model):
    """Locking the roster: the first half of a draw's life, before any randomness exists."""

    _inherit = "srsp.draw"

    @api.model
    def _commit(self, task, now):
        """Lock the roster of ``task`` at ``now``: the new draw, committed.

        :raise UserError: when the pool is empty, the ratio is below the floor without a reason, or
            some target has fewer eligible officers than a team needs; nothing is kept then
        """
        today = beijing_date(now)
        rulebook = self.env["srsp.rulebook"]._get_in_force(task.company_id, today)
        self._check_floor(task, rulebook)
        self._check_source(task, rulebook)
        inspectors = self._get_eligible_inspectors(task)
        self._check_officers(task, inspectors, rulebook)
        draw = self.create(self._prepare_draw_vals(task, rulebook, now))
        draw._fill_roster(task, rulebook)
        draw._fix(task, rulebook, inspectors)
        self.env["srsp.event"]._seal(draw, "draw.committed", draw._get_commitment())
        return draw

    def _prepare_draw_vals(self, task, rulebook, now):
        nonce = secrets.token_bytes(32)
        n = rulebook.substitutes_allowed + 1
        return {
            "number": f"{task.number}-{len(task.draw_ids) + 1}",
            "task_id": task.id,
            "company_id": task.company_id.id,
            "rulebook_id": rulebook.id,
            "n": n,
            "nonce": nonce.hex(),
            "code_hex": _one_time_codes(self.env, nonce, n)[n].hex(),
            "team_size": task.team_size or rulebook.team_size,
            "announced_for": task.draw_at,
            **self._prepare_source_vals(task, rulebook),
            "locked_at": now,
            "head": {
                "task": task.number,
                "task_name": task.name,
                "bureau": task.company_id.name,
                "division": task.division_id.name,
                "rulebook": rulebook.name,
            },
        }

    def _get_one_time_code(self, number):
        """The code that iteration ``number`` reveals, not before the announced time.

        :raise UserError: before that time, or when the key in use is not the one of the commitment
        """
        self.ensure_one()
        if fields.Datetime.now() < self.announced_for:
            raise UserError(
                self.env._(
                    "Draw %(draw)s: its codes are not due yet.", draw=self.number
                )
            )
        codes = _one_time_codes(self.env, bytes.fromhex(self.sudo().nonce), self.n)
        if codes[self.n].hex() != self.code_hex:
            raise UserError(
                self.env._(
                    "Draw %(draw)s was committed with another draw key. Restore that key file, or void the draw.",
                    draw=self.number,
                )
            )
        return codes[self.n - number]

    @api.model
    def _check_floor(self, task, rulebook):
        if task.ratio < rulebook.floor_ratio and not task._get_ratio_reason():
            raise UserError(
                self.env._(
                    "Task %(task)s: ratio %(ratio)s is below the rulebook's floor of %(floor)s; raise it, or give a"
                    " reason, which will be published.",
                    task=task.name,
                    ratio=task.ratio,
                    floor=rulebook.floor_ratio,
                )
            )

    @api.model
    def _get_eligible_inspectors(self, task):
        inspectors = self.env["srsp.inspector"]
        return inspectors.search(inspectors._get_eligible_domain(task))

    @api.model
    def _check_officers(self, task, inspectors, rulebook):
        """Raise unless every target that may be drawn has enough officers who need not recuse themselves."""
        needed = task.team_size or rulebook.team_size
        message = self.env._(
            "Task %(task)s: %(found)s officers are eligible, a team needs %(needed)s. Check certificates (valid until"
            " %(until)s), duty state and sector “%(sector)s” of the inspectors, or let the detachment support.",
            task=task.name,
            found=len(inspectors),
            needed=needed,
            until=task.date_to,
            sector=task.sector_id.name,
        )
        if len(inspectors) < needed:
            raise UserError(message)
        recused = {}
        for recusal in self._get_recusals(task, inspectors):
            recused.setdefault(recusal.entity_id, set()).add(recusal.inspector_id)
        short = [
            entity.name
            for entity, officers in recused.items()
            if len(inspectors) - len(officers) < needed
        ]
        if short:
            raise UserError(
                self.env._(
                    "Task %(task)s: after recusals too few officers remain for %(names)s (%(count)s in all). Add"
                    " officers or let the detachment support.",
                    task=task.name,
                    names=", ".join(short[:NAMES_SHOWN]),
                    count=len(short),
                )
            )

    @api.model
    def _get_recusals(self, task, inspectors):
        """Recusals of ``inspectors`` from entities in the pool of ``task`` that count during its window."""
        recusals = self.env["srsp.recusal"]
        pool = task._get_pool_domain() & Domain("state", "=", "active")
        return recusals.search(
            recusals._get_binding_domain(task.date_from, task.date_to)
            & Domain("inspector_id", "in", inspectors.ids)
            & Domain("entity_id.target_ids", "any", list(pool))
        )

    def _fill_roster(self, task, rulebook):
        """Copy the pool into the roster, one SQL statement; whoever is left out gets a reason.

        Reasons: ``suspended`` in the registry, ``removed`` from it since the announcement, ``visit_cap`` when
        the entity has had as many visits this year as its risk class or one of the items allows. Without a
        risk class it belongs to the stratum ``none``, and its class sets no cap.
        """
        targets = self.env["srsp.target"].sudo()
        self.env.flush_all()
        pool = targets._search(task._get_lock_domain())
        stratum = {
            "none": SQL("'all'"),
            "risk_class": SQL("coalesce(target.risk_class, 'none')"),
            "key": SQL("CASE WHEN target.is_key THEN 'key' ELSE 'ordinary' END"),
        }[task.stratify_by]
        caps = [cap for cap in task.item_ids.mapped("annual_visit_cap") if cap]
        self.env.execute_query(
            SQL(
                """
                INSERT INTO srsp_draw_line (draw_id, company_id, target_id, entity_id, label, stratum, excluded_reason)
                SELECT %(draw)s, %(company)s, target.id, target.entity_id, target.code, %(stratum)s,
                       CASE WHEN target.state = 'suspended' THEN 'suspended'
                            WHEN target.state = 'cancelled' THEN 'removed'
                            WHEN visits.count >= least(%(item_cap)s::int, nullif(CASE target.risk_class
                                 WHEN 'A' THEN %(cap_a)s WHEN 'B' THEN %(cap_b)s
                                 WHEN 'C' THEN %(cap_c)s WHEN 'D' THEN %(cap_d)s END, 0)) THEN 'visit_cap' END
                  FROM srsp_target target
             LEFT JOIN (SELECT entity_id, count(*) FROM srsp_inspection
                         WHERE year = %(year)s AND stage != 'cancelled' GROUP BY entity_id) visits
                    ON visits.entity_id = target.entity_id
                 WHERE target.id IN %(pool)s
             RETURNING 1
                """,
                draw=self.id,
                company=self.company_id.id,
                stratum=stratum,
                item_cap=min(caps, default=None),
                cap_a=rulebook.cap_a,
                cap_b=rulebook.cap_b,
                cap_c=rulebook.cap_c,
                cap_d=rulebook.cap_d,
                year=task.date_to.year,
                pool=pool.subselect(),
            )
        )
        self.env["srsp.draw.line"].invalidate_model()

    def _fix(self, task, rulebook, inspectors):
        """Compute what the commitment says about the roster and write it, once and for all."""
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
        salt = secrets.token_bytes(16)
        officers = self._prepare_inspector_rows(task, inspectors)
        recusals = self._prepare_recusal_rows(task, inspectors)
        strata = [
            self._prepare_stratum(task, rulebook, key, size) for key, size in sizes
        ]
        self.write(
            {
                "strata": strata,
                "randomness_statement": self._get_randomness_statement(task, strata),
                "inspectors": officers,
                "inspector_refs": {
                    inspector.staff_number: inspector.id for inspector in inspectors
                },
                "recusals": recusals,
                "recusals_salt": salt.hex(),
                "roster_digest_hex": cert.roster_digest(self._query_roster()),
                "excluded_digest_hex": cert.excluded_digest(self._query_excluded()),
                "inspectors_digest_hex": cert.inspectors_digest(officers),
                "recusals_digest_hex": cert.recusals_digest(salt, recusals),
            }
        )

    def _prepare_stratum(self, task, rulebook, key, size):
        """One stratum of the commitment; a risk class or the key mark may raise the task's ratio."""
        ratio = max(
            task.ratio,
            rulebook._stratum_ratio(key) if task.stratify_by != "none" else 0,
        )
        ratio = round(ratio, 4)
        return {
            "key": key,
            "size": size,
            "ratio": ratio,
            "quota": cert.quota(size, ratio),
        }

    def _prepare_inspector_rows(self, task, inspectors):
        """``[[label, pool, load], …]`` ascending by label; the load is this year's number of visits."""
        own = task.division_id | task.cooperating_division_ids
        loads = inspectors._get_loads(task.date_to.year)
        return sorted(
            [
                inspector.staff_number,
                "division" if inspector.division_id in own else "detachment",
                loads.get(inspector.id, 0),
            ]
            for inspector in inspectors
        )

    def _prepare_recusal_rows(self, task, inspectors):
        """``[[target label, inspector label], …]`` of the roster, ascending."""
        recused = {}
        for recusal in self._get_recusals(task, inspectors):
            recused.setdefault(recusal.entity_id.id, set()).add(
                recusal.inspector_id.staff_number
            )
        lines = self.env["srsp.draw.line"].search(
            [
                ("draw_id", "=", self.id),
                ("excluded_reason", "=", False),
                ("entity_id", "in", list(recused)),
            ]
        )
        return sorted(
            [line.label, number]
            for line in lines
            for number in recused[line.entity_id.id]
        )
