import contextlib
import tempfile

from odoo import models

from ...tools.registry_file import open_table
from ...tools.workbook import WorkbookError


class SrspRegistryImport(models.Model):
    """The uploaded file, which may be larger than the memory."""

    _inherit = "srsp.registry.import"

    def _set_file(self, file, name):
        """Make an open file the record's ``file``, and read its headings."""
        self.ensure_one()
        self._check_may_import()
        self._check_state("draft", "checked", "failed")
        attachment = self._find_attachment()
        if not attachment:
            attachment = attachment.create(
                {
                    "name": "file",
                    "res_model": self._name,
                    "res_id": self.id,
                    "res_field": "file",
                }
            )
        attachment._srsp_set_file(file)
        self.invalidate_recordset(["file"])
        self.file_name = name
        self._read_header()

    def _find_attachment(self):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("res_field", "=", "file"),
                ]
            )
        )

    def _read_header(self):
        """Find the headings and what they mean; a file that cannot be read makes the import fail."""
        for record in self.sudo():
            record.column_ids.unlink()
            try:
                with record._open_table() as table:
                    record._guess_columns(next(iter(table.blocks())))
            except (WorkbookError, StopIteration) as error:
                record._fail(record._describe_file_error(error))

    @contextlib.contextmanager
    def _open_table(self):
        """The uploaded file as a ``TableFile``, read from the file store without a detour through the memory."""
        attachment = self._find_attachment()
        if attachment.store_fname:
            yield open_table(attachment._full_path(attachment.store_fname))
            return
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(attachment.raw or b"")
            copy.flush()
            yield open_table(copy.name)
