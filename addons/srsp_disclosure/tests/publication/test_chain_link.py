"""What a roster and a draw have published of the chain contradicts a chain that was computed anew."""

import json

from ..common import BureauCase


class TestChainLink(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.drawn = cls.draw(cls.make_task(ratio=0.5))
        cls.next = cls.draw(cls.make_task(ratio=0.5))
        cls.events = cls.env["srsp.event"].search(
            [("company_id", "=", cls.company.id)], order="sequence"
        )

    def sql(self, query, *values):
        self.env.flush_all()
        self.env.cr.execute(query, values)
        self.env.invalidate_all()

    def compute_anew(self, number):
        """Give every event from ``number`` on the hash that fits what it says now."""
        events = self.env["srsp.event"]
        previous = self.events[number - 2].hash
        for row in list(events._stream(self.company))[number - 1 :]:
            row = row._replace(previous_hash=previous)
            previous = events._hash_row(row)
            self.sql(
                "UPDATE srsp_event SET previous_hash = %s, hash = %s WHERE id = %s",
                row.previous_hash,
                previous,
                row.id,
            )

    def test_a_chain_computed_anew_contradicts_what_was_published_of_it(self):
        check = self.env["srsp.event.check"]
        self.assertEqual(check._check(self.company).report, "")
        publication = self.publications_of(self.next, "draw")
        list_event = self.events.filtered(lambda event: event.kind == "list.published")
        self.sql(
            "UPDATE srsp_event SET kind = 'registry.confirmed' WHERE id = %s",
            list_event.id,
        )
        self.compute_anew(list_event.sequence)
        report = check._check(self.company).report
        frozen = json.loads(publication.payload)["chain"]
        self.assertIn(
            f"{publication.display_name} is not what event",
            report,
        )
        self.assertRegex(
            report,
            rf"{publication.number}.* chain\.hash_hex was {frozen['hash_hex']} and is now [0-9a-f]{{64}}\.",
        )
        self.assertEqual(report.count("chain.hash_hex was"), 4)

    def test_no_number_of_a_published_link_stops_the_check(self):
        publication = self.publications_of(self.drawn, "roster")
        for number in ("0", "-1", "99999999999999", '"first"', "{}"):
            with self.subTest(number=number):
                self.env.flush_all()
                with self.env.cr.savepoint() as savepoint:
                    self.sql(
                        "UPDATE srsp_publication SET payload = jsonb_set(payload::jsonb, '{chain,sequence}', %s)"
                        " WHERE id = %s",
                        number,
                        publication.id,
                    )
                    check = self.env["srsp.event.check"]._check(self.company)
                    self.assertEqual(check.state, "broken")
                    self.assertIn(publication.number, check.report)
                    savepoint.rollback()
                self.env.invalidate_all()
