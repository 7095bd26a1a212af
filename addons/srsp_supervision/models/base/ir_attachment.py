import hashlib
import os
import uuid

from odoo import api, models
from odoo.exceptions import AccessError

BLOCK = 1024 * 1024  # bytes


class FileContent:
    """An open file in the place of an attachment's bytes: it goes into the file store a block at a time."""

    def __init__(self, file):
        self.file = file

    def __len__(self):
        return self.file.seek(0, os.SEEK_END)

    def __getitem__(self, part):
        self.file.seek(part.start)
        return self.file.read(part.stop - part.start)

    def blocks(self):
        self.file.seek(0)
        return iter(lambda: self.file.read(BLOCK), b"")


class IrAttachment(models.Model):
    """A file that is the value of a field of ours (a scan, an imported table) is written through that field alone.

    Whoever may write the record has no other door to it; what guards the record guards the file.
    """

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        attachments = super().create(vals_list)
        attachments._check_not_a_field()
        return attachments

    def write(self, vals):
        self._check_not_a_field()
        result = super().write(vals)
        self._check_not_a_field()  # nor is another file moved to its place
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_a_field(self):
        self._check_not_a_field()

    def _check_not_a_field(self):
        if not self.env.su and any(
            attachment.res_field and (attachment.res_model or "").startswith("srsp.")
            for attachment in self.sudo()
        ):
            raise AccessError(
                self.env._("This file is changed on the form of its record alone.")
            )

    def _srsp_set_file(self, file):
        """Make an open file the content, without holding it in memory where attachments are kept as files."""
        in_store = self._storage() == "file"
        content = in_store and FileContent(file) or file.read()
        self._set_attachment_data(lambda attachment: content)

    def _compute_checksum(self, bin_data):
        if not isinstance(bin_data, FileContent):
            return super()._compute_checksum(bin_data)
        digest = hashlib.sha1()
        for block in bin_data.blocks():
            digest.update(block)
        return digest.hexdigest()

    @api.model
    def _index(self, bin_data, file_type, checksum=None):
        if isinstance(bin_data, FileContent):
            return None
        return super()._index(bin_data, file_type, checksum=checksum)

    @api.model
    def _file_write(self, bin_value, checksum):
        if not isinstance(bin_value, FileContent):
            return super()._file_write(bin_value, checksum)
        fname, path = self._get_path(bin_value, checksum)
        if os.path.exists(path):
            return fname
        self._mark_for_gc(fname)
        # Half a file never has the whole one's name.
        part = f"{path}.{uuid.uuid4().hex}"
        try:
            with open(part, "xb") as copy:
                copy.writelines(bin_value.blocks())
            os.replace(part, path)
        except OSError:
            os.unlink(part)
            raise
        return fname
