"""Positions by Python, by PostgreSQL (the product's own selection) and by JavaScript: all three equal."""

import json
import random

from odoo.tests import HttpCase, tagged

from odoo.addons.srsp_supervision.tools import verify_draw, vrs

from ..common import Bureau

LABELS = 10_000
SIGNS = "abzAZ09福州市自然资源測繪🏔️𠮷𪚥🙂é\u0301\u0308\u200d\ue000\uffee－. "
RECOMPUTE = """
(async () => {
    const at = "/srsp_disclosure/static/src/verify/";
    const { load, verify } = await import(at + "verify.js");
    const { agreesWithBrowser } = await import(at + "sha256.js");
    const bytes = new Uint8Array(await (await fetch("%s")).arrayBuffer());
    const { drawn, roster } = verify(load(bytes)).summary;
    const agrees = await agreesWithBrowser();
    console.log(agrees && drawn === %d && roster === drawn ? "test successful" : `test failed ${agrees} ${drawn}`);
})().catch((error) => console.error("test failed: " + error.message));
"""
VECTOR = """
(async () => {
    const { Positions } = await import("/srsp_disclosure/static/src/verify/selection.js");
    const { hex, sha256, unhex } = await import("/srsp_disclosure/static/src/verify/sha256.js");
    const given = %s;
    let link = new TextEncoder().encode(given.secret);
    for (let step = 0; step < given.n; step++) link = sha256(link);
    const randomness = hex(new TextEncoder().encode(given.randomness));
    const positions = new Positions(given.code, randomness);
    const fits = given.lowest.every(([prefix, label]) => positions.hex(label).startsWith(prefix));
    console.log(fits && hex(link) === given.commitment ? "test successful" : "test failed");
})().catch((error) => console.error("test failed: " + error.message));
"""


@tagged("post_install", "-at_install")
class TestVerifyPage(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.env["website"].search([], limit=1).company_id = cls.company

    @classmethod
    def make_registries(cls):
        """Of 50 companies 200 targets each, whose labels look strange, alike and of every script."""
        result = super().make_registries()
        source, labels = random.Random(20250902), set()
        while len(labels) < LABELS:
            label = "".join(source.choices(SIGNS, k=source.randint(2, 24))).strip()
            labels |= {label} if len(label) > 1 else set()
        targets = cls.env["srsp.target"]
        targets.search([("sector_id", "=", cls.sector.id)]).write(
            {"state": "cancelled", "state_reason": "not of this test"}
        )
        companies = cls.env["srsp.entity"].create(
            [{"name": f"对象{number}公司"} for number in range(50)]
        )
        targets.create(
            [
                {
                    "entity_id": companies[number % 50].id,
                    "sector_id": cls.sector.id,
                    "permit_number": f"P{number}",
                    "code": label,
                }
                for number, label in enumerate(sorted(labels))
            ]
        )
        return result

    def test_python_sql_and_javascript_say_the_same_of_ten_thousand_labels(self):
        self.publish_list()
        drawn = self.draw(self.make_task(ratio=1))
        original = self.publications_of(drawn, "draw")._read_original()
        certificate = json.loads(original)
        [iteration] = certificate["iterations"]
        self.assertEqual(len(iteration["selected"]), LABELS)
        prk = vrs.extract(
            *(
                bytes.fromhex(iteration[key])
                for key in ("one_time_code_hex", "randomness_hex")
            )
        )
        labels = [label.encode() for label, _stratum in certificate["roster"]]
        self.assertEqual(
            [(position, label) for label, _stratum, position in iteration["selected"]],
            [(p.hex(), label.decode()) for p, label in vrs.lowest(prk, labels, LABELS)],
        )
        verify_draw.verify(verify_draw.load(original))
        url = f"/supervision/draws/{drawn.number}/certificate.json"
        self.browser_js("/supervision/verify", RECOMPUTE % (url, LABELS), timeout=90)

    def test_the_published_example_of_the_draft_comes_out_in_the_browser(self):
        given = {
            "secret": "totally not a bikeshed",
            "n": 10,
            "commitment": "950ea08d8d5fd3ae415b9967aba7a48aba39ca62a4d98f2e7fe25cb1b8f8c488",
            "randomness": "1.2.3.4.5.6./1.2.3.4.5.6./1.2.3.4.5.6./",
            "code": "5346f2efb5397a6788fc1f1d9c05c6d3f2abe9b7d16d8592a3695b6dbe9f2456",
            "lowest": [
                ("002ed527ae0a44a86c205d1cdba", "lavenderblush"),
                ("03f710be2b61a6f9c3f89aa5ab5", "blue"),
                ("08bab81380d7f0769cecf9969a8", "darkgoldenrod"),
                ("0c26494fa81f3aed8a9f66e77b7", "mediumvioletred"),
                ("0e1af5d1ccfd44de075cc0bb6d5", "bisque"),
                ("13a07cc9abf3b737e49a62b0634", "lightpink"),
            ],
        }
        self.browser_js("/supervision/verify", VECTOR % json.dumps(given))
