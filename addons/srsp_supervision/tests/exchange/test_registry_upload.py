"""A file of any size reaches an import as it is: not within JSON, and never as a whole in the memory."""

import io
import os

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ...models.base.ir_attachment import BLOCK
from ..registry.registry_case import CODE, CODE_2, HEADER, RegistryCase, make_csv

ROWS = [HEADER, ["甲公司", CODE, "SUR", "P1"]]
LIMIT = 100_000  # bytes


class Narrow(io.BytesIO):
    """A file of which nobody reads more than a block at once."""

    def read(self, size=-1):
        assert 0 <= size <= BLOCK
        return super().read(size)


@tagged("post_install", "-at_install")
class TestRegistryUpload(HttpCase, RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("web.max_file_upload_size", LIMIT)
        cls.large = make_csv(ROWS) + b",,,\r\n" * LIMIT

    def _draft(self, user=None):
        imports = self.env["srsp.registry.import"].with_user(user or self.officer)
        imports = imports.with_context(allowed_company_ids=self.company.ids)
        return imports.create({"source": "Test"})

    def _post(self, record, data, user=None, **values):
        login = (user or self.officer).login
        self.authenticate(login, login)
        values = {"csrf_token": http.Request.csrf_token(self), **values}
        path = f"/srsp/registry/import/{record.id}/file"
        with mute_logger("odoo.http"):
            return self.url_open(path, values, files={"ufile": ("名录.csv", data)})

    def test_a_file_that_no_form_could_hold_is_uploaded_and_read(self):
        record = self._draft()
        self.assertGreater(len(self.large), LIMIT)
        self.assertEqual(self._post(record, self.large).status_code, 200)
        self.assertEqual((record.state, record.file_name), ("draft", "名录.csv"))
        self.assertEqual(record.column_ids.mapped("label"), HEADER)
        record.action_check()
        record._run()
        self.assertEqual(self._counts(record), (1, 1, 0, 0, 0))
        attachment = record._find_attachment()
        self.assertEqual(attachment.raw, self.large)
        self.assertEqual(attachment.file_size, len(self.large))
        answer = self.url_open(f"/web/content/{record._name}/{record.id}/file")
        self.assertEqual(answer.content, self.large)

    def test_another_file_takes_the_place_of_the_first(self):
        record = self._draft()
        self._post(record, self.large)
        attachment = record._find_attachment()
        first = attachment.store_fname
        self._post(record, make_csv([HEADER[::-1], ["P2", "SUR", CODE_2, "乙公司"]]))
        self.assertEqual(record.column_ids.mapped("label"), HEADER[::-1])
        self.assertEqual(record._find_attachment(), attachment)
        self.assertNotEqual(attachment.store_fname, first)
        # The garbage collection will see to the first one.
        collected = attachment._full_path(f"checklist/{first}")
        self.assertTrue(os.path.exists(collected))
        self._post(record, b"")
        self.assertEqual(record.state, "failed")
        self.assertTrue(record.message)

    def test_the_file_is_never_in_the_memory_as_a_whole(self):
        data = make_csv(ROWS) + os.urandom(3 * BLOCK)
        for _again in range(2):
            record = self._draft()
            record._set_file(Narrow(data), "registry.csv")
            self.assertEqual(record._find_attachment().raw, data)

    def test_only_who_imports_it_uploads_and_only_before_the_work(self):
        record = self._draft()
        answer = self._post(record, make_csv(ROWS), csrf_token="forged")
        self.assertEqual(answer.status_code, 400)
        for user in (self.manager, self.administrator):
            with self.subTest(user.login):
                answer = self._post(record, make_csv(ROWS), user)
                self.assertEqual(answer.status_code, 403)
        inspector = self._make_user("sv09", "inspector", self.surveying)
        self.assertEqual(self._post(record, self.large, inspector).status_code, 413)
        self.assertFalse(record._find_attachment())
        done = self._import(ROWS)
        answer = self._post(done, self.large)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("“registry”", answer.json()["error"]["message"])
