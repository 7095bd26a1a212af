import datetime
import json

from odoo.tests import HttpCase, tagged

from ..common import Bureau

FORMED = datetime.date(2025, 9, 24)
PRIVATE = {
    "entity": "联系人甲 0591-00000001 10000000001",
    "target": "联系人乙 10000000002",
    "inspector": "10000000003 master 大地测量学",
    "division": "联系人丙 0591-00000004",
}


@tagged("post_install", "-at_install")
class TestContactsInside(Bureau, HttpCase):
    """Contacts and personal data stay inside the bureau, whatever is published, sealed or delivered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        website = cls.env["website"].search([], limit=1)
        website.company_id = cls.company
        name, phone, mobile = PRIVATE["entity"].split()
        cls.entities.write(
            {"contact_name": name, "contact_phone": phone, "contact_mobile": mobile}
        )
        name, phone = PRIVATE["target"].split()
        cls.entities.target_ids.write({"contact_name": name, "contact_phone": phone})
        mobile, education, subject = PRIVATE["inspector"].split()
        cls.division.inspector_ids.write(
            {"mobile": mobile, "education": education, "education_field": subject}
        )
        name, phone = PRIVATE["division"].split()
        cls.division.write({"contact_name": name, "contact_phone": phone})
        cls.env["srsp.channel"].create(
            {"name": "信用平台", "url": "https://credit.example", "key_id": "test"}
        )

    def _check_clean(self, text, what):
        for owner, values in PRIVATE.items():
            for value in values.split():
                self.assertNotIn(value, text, f"{what}: {owner}")

    def test_no_contact_reaches_a_publication_a_certificate_a_page_or_a_platform(self):
        self.publish_plan(self.publish_list())
        draw = self.draw(self.make_task(ratio=1.0))
        for visit in draw.inspection_ids[:2]:
            self.close(visit, FORMED)
        publications = self.env["srsp.publication"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(
            set(publications.mapped("kind")),
            {"list", "plan", "roster", "draw", "result"},
        )
        self.authenticate(None, None)
        urls = ["/supervision", "/supervision/draws.json"]
        urls += [
            f"/supervision/draws/{draw.number}/{name}.json" for name in ("certificate",)
        ]
        for publication in publications:
            url = f"/supervision/publication/{publication.number}"
            urls += [url, f"{url}/payload.json"]
        for url in urls:
            answer = self.url_open(url)
            answer.raise_for_status()
            self._check_clean(answer.text, url)
        deliveries = publications.delivery_ids
        self.assertTrue(deliveries)
        for delivery in deliveries:
            record = json.dumps(
                delivery._prepare_record(), ensure_ascii=False, default=str
            )
            self._check_clean(record, delivery.display_name)
        events = self.env["srsp.event"].sudo().search([])
        self._check_clean(" ".join(event.payload for event in events), "chain")
        self._check_clean(
            json.dumps(draw._get_certificate(), ensure_ascii=False), "certificate"
        )
