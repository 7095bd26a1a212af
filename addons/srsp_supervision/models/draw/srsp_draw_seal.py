import hashlib
import json

from odoo import models
from odoo.tools import SQL

from ...tools import canonical
from ...tools import certificate as cert
from ...tools.json_diff import first_difference
from ...tools.sql import digest_rows, planned

LOCK_SEALS = ("draw.identified", "draw.committed")


class SrspDraw(models.Model):
    """What the lock seals, and whether the draw is still what was sealed.

    Outsiders see labels alone. So that nobody gives a label to another target or inspector afterwards, the chain
    seals salted digests of what the labels stand for, right before the commitment, whose published link covers them
    too. Only auditors may read the salt: without it nobody can try out who is behind a label.
    """

    _inherit = "srsp.draw"  # pylint: disable=consider-merging-classes-inherited

    def _digest_lines(self):
        """Return the salted digest of the roster's lines as PostgreSQL writes them: none is read into Python."""
        digest = hashlib.sha256(bytes.fromhex(self.sudo().eligibility_salt))
        query = SQL(
            """SELECT label, stratum, excluded_reason, target_id, entity_id, class_index
                 FROM srsp_draw_line WHERE draw_id = %s ORDER BY label COLLATE "C" """,
            self.id,
        )
        self.env.flush_all()
        digest_rows(self.env.cr, query, digest)
        return digest.hexdigest()

    def _prepare_identities(self):
        draw = self.sudo()
        people = [draw.inspectors, draw.inspector_refs, draw.classes]
        salted = bytes.fromhex(draw.eligibility_salt) + canonical.dumps(people)
        return {
            "number": draw.number,
            "task_id": draw.task_id.id,
            "item_ids": sorted(draw.task_id.item_ids.ids),
            "head": draw.head,
            "people_digest_hex": hashlib.sha256(salted).hexdigest(),
            "lines_digest_hex": draw._digest_lines(),
        }

    def _get_lock_seals(self):
        """Return ``{kind of event: payload}``: what the lock seals of the draw as it stands now.

        The roster's own digests are taken as they are stored: the lines are compared by the other event.
        """
        inspectors = {"inspectors_digest_hex": cert.inspectors_digest(self.inspectors)}
        seals = (self._prepare_identities(), self._get_commitment() | inspectors)
        return dict(zip(LOCK_SEALS, seals, strict=True))

    def _check_locked(self):
        """Raise unless everything that the lock fixed is still as it was sealed."""
        live = self._get_lock_seals()
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("kind", "in", LOCK_SEALS),
        ]
        events = self.env["srsp.event"].sudo().search(domain)
        sealed = {event.kind: json.loads(event.payload) for event in events}
        if found := first_difference(sealed, json.loads(canonical.dumps(live))):
            raise self._logged_error(
                self.env._(
                    "Draw %(draw)s is no longer what was sealed when its roster was locked (%(path)s): it has been"
                    " changed in the database. Have the integrity chain checked, and void the draw.",
                    draw=self.number,
                    path=found[0],
                )
            )

    def _get_inspections(self):
        """Return the visits that have not been cancelled, by the labels of the lock.

        :return: ``{first label: [{targets, officers, experts}, …]}``, all of them labels; a target or inspector without
            one is given by name
        """
        self.env.flush_all()
        query = SQL(
            """SELECT visit.id, array_agg(DISTINCT coalesce(
                          line.label, concat(target.code, ' (', entity.name, ')')))
                 FROM srsp_inspection visit
                 JOIN srsp_entity entity ON entity.id = visit.entity_id
            LEFT JOIN srsp_inspection_line item ON item.inspection_id = visit.id
            LEFT JOIN srsp_target target ON target.id = item.target_id
            LEFT JOIN srsp_draw_line line ON line.draw_id = visit.draw_id AND line.iteration IS NOT NULL
                  AND line.target_id = item.target_id AND line.entity_id = visit.entity_id
                WHERE visit.draw_id = %s AND visit.stage != 'cancelled' GROUP BY visit.id ORDER BY visit.id""",
            self.id,
        )
        # PostgreSQL has no statistics of visits just created, and would choose nested loops.
        with planned(self.env.cr, enable_nestloop="off"):
            visits = self.env.execute_query(query)
        officers = self._get_members("officer_ids")
        # Where no experts were drawn, the team may bring its own.
        experts = self._get_members("expert_ids") if self.experts else {}
        inspections = {}
        for visit, labels in visits:
            inspections.setdefault(min(labels), []).append(
                {
                    "targets": sorted(labels),
                    "officers": sorted(officers.get(visit, [])),
                    "experts": sorted(experts.get(visit, [])),
                }
            )
        return inspections

    def _get_members(self, name):
        """Return ``{visit id: [label, …]}`` of the field ``name`` of this draw's visits."""
        field = self.env["srsp.inspection"]._fields[name]
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT visit.id, array_agg(coalesce(
                                  ref.key, concat(inspector.staff_number, ' (', inspector.name, ')')))
                         FROM srsp_inspection visit
                         JOIN %(table)s member ON member.%(visit)s = visit.id
                         JOIN srsp_inspector inspector ON inspector.id = member.%(inspector)s
                    LEFT JOIN jsonb_each_text(%(refs)s::jsonb) ref ON ref.value::int = inspector.id
                        WHERE visit.draw_id = %(draw)s GROUP BY visit.id""",
                    table=SQL.identifier(field.relation),
                    visit=SQL.identifier(field.column1),
                    inspector=SQL.identifier(field.column2),
                    refs=json.dumps(self.sudo().inspector_refs),
                    draw=self.id,
                )
            )
        )
