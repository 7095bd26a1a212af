import json

from odoo import api, models
from odoo.tools import SQL

from ...tools import canonical
from ..chain.srsp_event_check import MAX_REPORT
from .srsp_draw_certificate import SEALS
from .srsp_draw_identity import LOCK_SEALS

# What a result says that no renaming of companies, divisions or items may change.
RESULT_FIELDS = ("number", "draw", "task", "inspected_on", "result_date", "keys")


class SrspEventCheck(models.Model):
    """What the events sealed, and the records as they stand now.

    Other addons compare their own models with ``_compare_<model>(row, record)``, which returns ``(sealed, live)``, or
    None where an event says nothing about the record as it is, and ``_get_sealed_models``.
    """

    _inherit = "srsp.event.check"

    @api.model
    def _get_sealed_models(self):
        """``{model: domain}`` of all records that must have an event."""
        return {
            "srsp.draw": [],
            "srsp.draw.witness": [],
            "srsp.inspection": [("stage", "=", "closed")],
            "srsp.list": [("state", "in", ("published", "superseded"))],
        }

    def _compare_srsp_list(self, row, version):
        return json.loads(row.payload), version._get_seal_payload()

    def _find_unsealed(self, company):
        """Also draws that were drawn or voided without an event of that."""
        yield from super()._find_unsealed(company)
        draws = self.env["srsp.draw"]
        seals = self.env["srsp.event"]._search(
            [("res_model", "=", draws._name), ("kind", "in", SEALS)]
        )
        labels = dict(draws._fields["state"]._description_selection(self.env))
        for draw in draws.search(
            [
                ("company_id", "=", company.id),
                ("state", "!=", "committed"),
                ("id", "not in", seals.subselect("res_id")),
            ]
        ):
            yield self.env._(
                "Draw %(draw)s is in state “%(state)s”, and no event seals that.",
                draw=draw.number,
                state=labels[draw.state],
            )
        yield from self._find_removed_lines(company)

    def _find_removed_lines(self, company):
        """Items of a task that are missing from a visit to a target which still has others of that sector."""
        self.env.flush_all()
        task_items = self.env["srsp.task"]._fields["item_ids"]
        query = SQL(
            """SELECT visit.number, target.code, wanted.code
                 FROM (SELECT DISTINCT line.inspection_id, line.target_id, item.sector_id
                         FROM srsp_inspection_line line JOIN srsp_item item ON item.id = line.item_id) seen
                 JOIN srsp_inspection visit ON visit.id = seen.inspection_id
                 JOIN srsp_target target ON target.id = seen.target_id
                 JOIN %(items)s task_item ON task_item.%(task)s = visit.task_id
                 JOIN srsp_item wanted ON wanted.id = task_item.%(item)s AND wanted.sector_id = seen.sector_id
            LEFT JOIN srsp_inspection_line line ON line.inspection_id = visit.id
                  AND line.target_id = seen.target_id AND line.item_id = wanted.id
                WHERE visit.company_id = %(company)s AND visit.stage != 'cancelled' AND line.id IS NULL
             ORDER BY visit.number, target.code, wanted.code LIMIT %(limit)s""",
            items=SQL.identifier(task_items.relation),
            task=SQL.identifier(task_items.column1),
            item=SQL.identifier(task_items.column2),
            company=company.id,
            limit=MAX_REPORT,
        )
        for visit, target, item in self.env.execute_query(query):
            yield self.env._(
                "Inspection %(visit)s no longer has item %(item)s of %(target)s, which its task asks for.",
                visit=visit,
                item=item,
                target=target,
            )

    def _compare_srsp_draw(self, row, draw):
        """The lock; of the certificate in force also the visits that it asks for and those that there are."""
        sealed = json.loads(row.payload)
        if row.kind in LOCK_SEALS:
            live = draw._get_lock_seals()[row.kind]
        elif row.id == draw._get_certificate_event().id:
            sealed["inspections"] = _list_inspections(sealed)
            live = {**draw._get_sealed(), "inspections": draw._get_inspections()}
        else:
            return None
        return sealed, json.loads(canonical.dumps(live))

    def _compare_srsp_draw_witness(self, row, witness):
        return json.loads(row.payload), witness._prepare_seal()

    def _compare_srsp_inspection(self, row, inspection):
        if row.kind != "inspection.closed":
            return None
        sides = (json.loads(row.payload), inspection._prepare_seal())
        return [{name: side[name] for name in RESULT_FIELDS} for side in sides]


def _list_inspections(sealed):
    """The visits that a certificate asks for, as ``_get_inspections`` has those that there are."""
    if sealed["draw"]["state"] == "voided":
        return {}
    gone = {
        label
        for iteration in sealed["iterations"]
        for label, _reason in iteration["unavailable"]
    }
    return {
        min(labels): [
            {
                "targets": sorted(labels),
                "officers": sorted(officers),
                "experts": sorted(experts),
            }
        ]
        for _number, labels, officers, experts, _steps in sealed["assignment"]["teams"]
        if labels[0] not in gone
    }
