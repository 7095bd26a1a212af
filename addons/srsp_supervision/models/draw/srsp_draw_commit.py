import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, config

from ...tools import certificate as cert
from ...tools import draw_key, eligibility, vrs
from ...tools.clock import beijing_date

# One-time codes beyond the substitutions: for extensions and withdrawals.
SPARE_CODES = 50


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
        self._check_items(task)
        self._check_floor(task, rulebook)
        self._check_required_strata(task, rulebook)
        self._check_source(task, rulebook)
        inspectors = self._get_eligible_inspectors(task)
        self._check_team(task, inspectors, rulebook)
        draw = self.create(self._prepare_draw_vals(task, rulebook, now))
        classes = self._make_classes(task, inspectors, task._get_lock_domain())
        draw._fill_roster(task, rulebook)
        strata = draw._make_strata(task, rulebook)
        draw._check_locked_officers(task, inspectors, rulebook, classes)
        draw._fix(task, strata, inspectors, classes)
        draw._check_room()
        draw._seal_lock()
        return draw

    def _prepare_draw_vals(self, task, rulebook, now):
        nonce = secrets.token_bytes(32)
        n = 1 + rulebook.substitutes_allowed + SPARE_CODES
        return {
            "number": f"{task.number}-{len(task.draw_ids) + 1}",
            "task_id": task.id,
            "company_id": task.company_id.id,
            "rulebook_id": rulebook.id,
            "n": n,
            "nonce": nonce.hex(),
            "code_hex": _one_time_codes(self.env, nonce, n)[n].hex(),
            "stratify_by": task.stratify_by,
            "external": task._get_external() or False,
            "team_size": task._get_team_size(rulebook),
            "experts": task.experts,
            "officer_cap": rulebook.officer_cap,
            "units": task._get_units().mapped("code"),
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
            raise self._logged_error(
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
    def _check_items(self, task):
        """Raise unless there is something to inspect on every target, or its visit would have no line."""
        if not task.item_ids or task.sector_ids - task.item_ids.sector_id:
            raise UserError(
                self.env._(
                    "Task %(task)s has no item to inspect in each of its sectors.",
                    task=task.name,
                )
            )

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

    def _fix(self, task, strata, inspectors, classes):
        """Compute what the commitment says about the roster and write it, once and for all."""
        rows = self._prepare_inspector_rows(task, inspectors)
        salt = secrets.token_bytes(32)
        texts = [f"{mask:x}" for mask in classes]
        roster = cert.RowDigest()
        lines = self._stream_roster(SQL("label, stratum, class_index"))
        leaves = ((line[0], texts[line[2]]) for line in roster.watch(lines))
        root = eligibility.root(leaves, salt)
        self.write(
            {
                "strata": strata,
                "randomness_statement": self._get_randomness_statement(task, strata),
                "classes": texts,
                "inspectors": rows,
                "inspector_refs": dict(
                    zip((row[0] for row in rows), inspectors.ids, strict=True)
                ),
                "eligibility_salt": salt.hex(),
                "eligibility_root_hex": root.hex(),
                "excluded_digest_hex": cert.excluded_digest(self._query_excluded()),
                "inspectors_digest_hex": cert.inspectors_digest(rows),
                "roster_digest_hex": roster.hexdigest(),
            }
        )

    def _check_room(self):
        """Raise when the officers together cannot make the visits below their cap, however the draw comes out."""
        if not self.officer_cap:
            return
        room = sum(
            max(0, self.officer_cap - load)
            for _label, pool, _unit, load in self.inspectors
            if pool != "expert"
        )
        [[entities]] = self.env.execute_query(
            SQL(
                """SELECT count(DISTINCT entity_id) FROM srsp_draw_line
                    WHERE draw_id = %s AND excluded_reason IS NULL""",
                self.id,
            )
        )
        # Several targets of one entity are one visit: so many fewer at most.
        visits = self.drawn_count - (self.roster_size - entities)
        if room < visits * self.team_size:
            raise UserError(
                self.env._(
                    "Task %(task)s: %(visits)s visits take %(needed)s places, the officers have room for %(room)s under"
                    " the yearly cap of %(cap)s visits. Add officers, or raise the cap in the rulebook.",
                    task=self.task_id.name,
                    visits=visits,
                    needed=visits * self.team_size,
                    room=room,
                    cap=self.officer_cap,
                )
            )
