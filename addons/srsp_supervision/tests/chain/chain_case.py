from ..common import SrspCase


class ChainCase(SrspCase):
    """Changes in the database behind Odoo's back, and what a check of the chain says of them."""

    def _sql(self, query, **values):
        self.env["srsp.event.change"]._seal_pending()
        self.env.cr.execute(query, {"company": self.company.id, **values})
        # As if another session had done it: what this one touches would be recorded.
        self.env.cr.execute("TRUNCATE pg_temp.srsp_touched")
        self.env.invalidate_all()

    def _check(self):
        return self.env["srsp.event.check"]._check(self.company)

    def _find_last(self):
        """The number of the last event."""
        return (
            self.env["srsp.event"]
            .search([("company_id", "=", self.company.id)], limit=1)
            .sequence
        )

    def _find_event(self, kind, record):
        return self.env["srsp.event"].search(
            [
                ("kind", "=", kind),
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
            ]
        )

    def _assert_found(self, number, sentence):
        """A check finds the chain broken at event ``number`` and says so in a ``sentence`` (a pattern)."""
        check = self._check()
        self.assertEqual((check.state, check.broken_sequence), ("broken", number))
        self.assertRegex(check.report.splitlines()[0], sentence)

    def _forge(self, number):
        """Compute every hash of the chain from event ``number`` on anew, as whoever has changed that event would."""
        events = self.env["srsp.event"]
        rows = list(events._stream(self.company))
        previous = rows[number - 2].hash
        for row in rows[number - 1 :]:
            row = row._replace(previous_hash=previous)
            previous = events._hash_row(row)
            self._sql(
                "UPDATE srsp_event SET previous_hash = %(before)s, hash = %(after)s WHERE id = %(id)s",
                before=row.previous_hash,
                after=previous,
                id=row.id,
            )
