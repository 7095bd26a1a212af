import hashlib
import os
import uuid

from odoo import api, models
from odoo.exceptions import AccessError

BLOCK = 1024 * 1024  # bytes

# Set by Odoo on a file that is shown: no part of what the file says.
VIEWING_FIELDS = {"access_token", "thumbnail"}


class IrAttachment(models.Model):
    """A file that is the value of a field of ours (a scan, an imported table) is written through that field alone.

    So what protects the record also protects the file. Other files of a supervision record stay as they were once they
    have been posted or the record is no draft any more.
    """

    _inherit = "ir.attachment"
    _sealed_rows = "r.res_model LIKE 'srsp.%%'"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        attachments._check_not_a_field()
        return attachments

    def write(self, vals):
        self._check_not_a_field()
        if vals.keys() - VIEWING_FIELDS:
            self._check_not_evidence()
        result = super().write(vals)
        self._check_not_a_field()  # nor may another file take its place
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_a_field(self):
        self._check_not_a_field()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        self._check_not_evidence()

    def _delete_and_notify(self, message=None):
        """The chatter deletes in superuser mode, for whoever has uploaded the file or may write the record."""
        self.sudo(False)._check_not_evidence()
        return super()._delete_and_notify(message)

    def _check_not_evidence(self):
        if not self.env.su and self.sudo()._is_evidence():
            raise AccessError(
                self.env._(
                    "The files of a supervision record cannot be replaced or deleted: add the right one to them."
                )
            )

    def _is_evidence(self):
        """Whether one of these files was posted on a supervision record, or lies on one that is past its draft."""
        posted = [("attachment_ids", "in", self.ids), ("model", "=like", "srsp.%")]
        if self.env["mail.message"].search_count(posted, limit=1):
            return True
        for model, files in self.grouped("res_model").items():
            if (model or "").startswith("srsp.") and model in self.env:
                ids = [res_id for res_id in files.mapped("res_id") if res_id]
                records = self.env[model].browse(ids).exists()
                if "state" in records._fields:
                    records = records.filtered(lambda record: record.state != "draft")
                if records and not records._transient:
                    return True
        return False

    def _check_not_a_field(self):
        if not self.env.su and any(
            attachment.res_field and (attachment.res_model or "").startswith("srsp.")
            for attachment in self.sudo()
        ):
            raise AccessError(
                self.env._("This file can only be changed on the form of its record.")
            )

    def _srsp_set_file(self, file):
        """Make an open file the content, a block at a time where attachments are kept as files."""
        file.seek(0)
        if self._storage() != "file":
            self.raw = file.read()
            return

        def write(append):
            while block := file.read(BLOCK):
                append(block)

        self._srsp_write_content(write)

    def _srsp_write_content(self, write):
        """Make the pieces that ``write(append)`` gives to ``append`` the content; return its SHA-256 in hexadecimal.

        ``create`` and ``write`` of an attachment hold the whole content in memory. The row is given the file's name
        first, so that the garbage collection spares the file while the transaction runs and removes it if that fails.
        """
        previous, token = self.store_fname, uuid.uuid4().hex
        path = f"{token[:2]}/{token}"
        self.flush_recordset()
        self._write({"store_fname": path, "db_datas": None})
        self._mark_for_gc(path)
        full_path = self._full_path(path)
        os.makedirs(os.path.dirname(full_path), exist_ok=True)
        sha1, sha256 = hashlib.sha1(), hashlib.sha256()
        with open(full_path, "xb") as file:

            def append(data):
                for sink in (sha1.update, sha256.update, file.write):
                    sink(data)

            write(append)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        self._write({"checksum": sha1.hexdigest(), "file_size": size})
        self.invalidate_recordset()
        if previous:
            self._file_delete(previous)
        return sha256.hexdigest()
