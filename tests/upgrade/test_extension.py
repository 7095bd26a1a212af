"""An addon adds to what is sealed: nothing that was sealed before breaks, and what it adds is sealed too."""

import re

import pytest

pytestmark = pytest.mark.slow

VISIT = """
import json
from odoo.addons.srsp_supervision.tools import clock
visits = env["srsp.inspection"].sudo()
[visit] = visits.search([("stage", "=", "reviewed")], limit=1) or visits.search([("stage", "=", "recorded")], limit=1)
visit.distance = 42
visit._close(clock.today())
sample = env["bureau.sample"].create({"name": "Bottle of water", "inspection_id": visit.id})
publication = env["srsp.publication"].search([("kind", "=", "result"), ("res_id", "=", visit.id)])
event = env["srsp.event"].search([("res_model", "=", visit._name), ("res_id", "=", visit.id)], limit=1)
items = env["srsp.list"].search([("kind", "=", "item"), ("state", "=", "published")], limit=1)
published, sealed = (json.loads(one.payload) for one in (publication, event))
equipment = items.item_ids.mapped("equipment")[:1]
answer = [visit.id, sample.id, published["distance"], sealed["record"]["distance"], *equipment]
"""
UNINSTALL = """
addon = env["ir.module.module"].search([("name", "=", "bureau_extension")])
vals = {"module_ids": addon.ids, "srsp_reason": "No longer used"}
env["base.module.uninstall"].create(vals).action_uninstall()
answer = None
"""


def test_an_addon_adds_to_results_lists_and_models_and_goes_again(extended):
    def states():
        check = extended.check()
        return check["state"], check["report"], check["notes"]

    assert states() == ("sound", "", "")
    extended.run("-i", "bureau_extension")
    assert states() == ("sound", "", "")

    visit, sample, *values = extended.shell(VISIT)
    assert values == [42, 42, "none"]
    assert states() == ("sound", "", "")

    for change, back, found in (
        (
            f"UPDATE srsp_inspection SET distance = 43 WHERE id = {visit}",
            f"UPDATE srsp_inspection SET distance = 42 WHERE id = {visit}",
            "distance 原为 42，现为 43",
        ),
        (
            f"UPDATE bureau_sample SET name = 'Bottle of ink' WHERE id = {sample}",
            f"UPDATE bureau_sample SET name = 'Bottle of water' WHERE id = {sample}",
            "name 原为 Bottle of water，现为 Bottle of ink",
        ),
    ):
        extended.query(change)
        state, report, _notes = states()
        assert state == "broken" and re.search(found, report), report
        extended.query(back)
        assert states() == ("sound", "", "")

    extended.shell(UNINSTALL)
    state, report, notes = states()
    assert (state, report) == ("sound", "")
    lost = [re.search("distance|bureau.sample", line)[0] for line in notes.splitlines()]
    assert lost == ["bureau.sample", "distance"]
