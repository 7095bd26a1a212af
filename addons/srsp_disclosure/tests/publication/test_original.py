"""Publications whose original is a file: stored and served in pieces, and never changed."""

import hashlib
import json
import tracemalloc

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ...models.publication import srsp_draw
from ..common import Bureau, BureauCase

PIECE = b"0123456789abcdef" * 4096  # 64 KiB


class TestOriginal(BureauCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_list()
        cls.drawn = cls.draw(cls.make_task(ratio=0.5))
        cls.publication = cls.publications_of(cls.drawn, "draw")
        cls.original = cls.publication.original_id

    def test_a_large_original_is_written_piece_by_piece(self):
        def write(append):
            for _piece in range(512):
                append(PIECE)

        tracemalloc.start()
        attachment, digest = self.env["srsp.publication"]._store_original(
            write, "x.json"
        )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        self.assertLess(peak, 4 * 1024 * 1024)
        self.assertEqual(attachment.file_size, 512 * len(PIECE))
        content = PIECE * 512
        self.assertEqual(digest, hashlib.sha256(content).hexdigest())
        self.assertEqual(attachment.checksum, hashlib.sha1(content).hexdigest())
        self.assertEqual(attachment.raw, content)

    def test_nobody_changes_or_removes_an_original_not_even_code(self):
        for change in (
            {"raw": b"{}"},
            {"name": "other"},
            {"res_id": 0},
            {"datas": False},
        ):
            with self.assertRaises(UserError):
                self.original.write(change)
        with self.assertRaises(UserError):
            self.original.unlink()

    def test_an_original_may_move_to_another_storage(self):
        content = self.publication._read_original()
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        self.original._migrate()
        self.assertFalse(self.original.store_fname)
        self.assertEqual(self.publication._read_original(), content)
        self.assertEqual(self.publication._digest_original(), self.publication.digest)

    def test_a_page_shows_the_first_rows_and_says_how_many_there_are(self):
        self.patch(srsp_draw, "MAX_ROWS_SHOWN", 2)
        payload = self.drawn._get_page_payload()
        [iteration] = payload["iterations"]
        self.assertEqual(
            (len(iteration["selected"]), iteration["selected_count"]), (2, 3)
        )
        self.assertEqual(payload["roster_count"], 6)
        shown = {label for label, _stratum, _position in iteration["selected"]}
        self.assertEqual(
            {label for team in payload["teams"] for label in team[1]}, shown
        )
        self.assertFalse({"roster", "assignment"} & payload.keys())

    def check(self):
        return self.env["srsp.event.check"]._check(self.company)

    def assert_found(self, sentence):
        self.env.invalidate_all()
        self.assertRegex(self.check().report, sentence)

    def test_the_check_of_the_chain_reads_every_original(self):
        self.assertEqual((self.check().state, self.check().report), ("sound", ""))
        path = self.original._full_path(self.original.store_fname)
        with open(path, "r+b") as file:
            first = file.read(1)
            file.seek(0)
            file.write(b" ")
        try:
            self.assert_found(
                rf"^Publication .*{self.publication.number}.* sealed: original was"
            )
        finally:
            with open(path, "r+b") as file:
                file.write(first)
        self.assertEqual(self.check().state, "sound")

    def test_the_check_of_the_chain_finds_an_altered_publication(self):
        roster = self.publications_of(self.drawn, "roster")
        for publication, column, name in (
            (self.publication, "payload", "head_digest"),
            (roster, "payload", "head_digest"),
            (roster, "digest", "digest"),
        ):
            with self.subTest(column=column, kind=publication.kind):
                self.env.flush_all()
                with self.env.cr.savepoint() as savepoint:
                    self.env.cr.execute(
                        f"UPDATE srsp_publication SET {column} = {column} || ' ' WHERE id = %s",
                        [publication.id],
                    )
                    self.assert_found(rf"{publication.number}.* sealed: {name} was")
                    savepoint.rollback()
                self.env.invalidate_all()

    def test_the_check_of_the_chain_finds_a_publication_without_an_event(self):
        """A tail that was cut off together with its counter: what was published still tells of it."""
        self.env.flush_all()
        event = self.env["srsp.event"].search(
            [
                ("res_model", "=", "srsp.publication"),
                ("res_id", "=", self.publication.id),
            ]
        )
        self.env.cr.execute(
            "DELETE FROM srsp_event WHERE company_id = %s AND sequence >= %s",
            [self.company.id, event.sequence],
        )
        self.env.cr.execute(
            "UPDATE ir_sequence SET number_next = %s WHERE id = %s",
            [event.sequence, self.company._srsp_event_sequence().id],
        )
        self.assert_found(rf"^Publication .*{self.publication.number}.* has no event")


@tagged("post_install", "-at_install")
class TestOriginalServed(Bureau, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_bureau()
        cls.env["website"].search([], limit=1).company_id = cls.company
        cls.publish_list()
        cls.drawn = cls.draw(cls.make_task(ratio=0.5))
        cls.url = f"/supervision/draws/{cls.drawn.number}/certificate.json"

    def test_a_certificate_is_served_from_its_file_whole_in_part_or_not_at_all(self):
        self.authenticate(None, None)
        whole = self.url_open(self.url)
        publication = self.publications_of(self.drawn, "draw")
        self.assertEqual(whole.headers["ETag"], f'"{publication.digest}"')
        self.assertEqual(json.loads(whole.content)["draw"]["number"], self.drawn.number)
        self.assertIn(
            f"certificate-{self.drawn.number}.json",
            whole.headers["Content-Disposition"],
        )
        part = self.url_open(self.url, headers={"Range": "bytes=0-9"})
        self.assertEqual((part.status_code, part.content), (206, whole.content[:10]))
        again = self.url_open(
            self.url, headers={"If-None-Match": whole.headers["ETag"]}
        )
        self.assertEqual((again.status_code, again.content), (304, b""))
