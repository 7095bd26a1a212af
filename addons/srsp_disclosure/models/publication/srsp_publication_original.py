import hashlib
import os
import uuid

from odoo import api, fields, models


class HashingFile:
    """A binary file that counts and hashes what is appended to it: ``size``, ``sha1``, ``sha256``."""

    def __init__(self, file):
        self._file = file
        self.size, self.sha1, self.sha256 = 0, hashlib.sha1(), hashlib.sha256()

    def append(self, data):
        """Take the next bytes."""
        self.size += len(data)
        self.sha1.update(data)
        self.sha256.update(data)
        self._file.write(data)


class SrspPublication(models.Model):
    """The original of a publication: the very bytes that ``digest`` is the SHA-256 of.

    They are ``payload`` itself, except where they can be large (a certificate names the whole roster): then
    they are a file that is written and served piece by piece, and ``payload`` is its head, what a page
    shows of it, whose digest is sealed as well.
    """

    _inherit = "srsp.publication"

    original_id = fields.Many2one(
        "ir.attachment", readonly=True, ondelete="restrict", groups="base.group_user"
    )

    @api.model
    def _store_original(self, write, name):
        """Store what ``write(append)`` gives to ``append`` piece by piece; return the attachment and the SHA-256.

        The row of the attachment comes first: until this transaction ends it keeps the garbage collection
        away, and if the transaction fails, the collection removes the file.
        """
        attachments = self.env["ir.attachment"].sudo()
        attachment = attachments.create(
            {"name": name, "res_model": self._name, "mimetype": "application/json"}
        )
        token = uuid.uuid4().hex
        path = f"{token[:2]}/{token}"
        attachments._mark_for_gc(path)
        full_path = attachments._full_path(path)
        os.makedirs(os.path.dirname(full_path), exist_ok=True)
        with open(full_path, "xb") as opened:
            file = HashingFile(opened)
            write(file.append)
            opened.flush()
            os.fsync(opened.fileno())
        # ``create`` and ``write`` of an attachment take contents only as a whole, in memory.
        attachment.flush_recordset()
        attachment._write(
            {
                "store_fname": path,
                "checksum": file.sha1.hexdigest(),
                "file_size": file.size,
            }
        )
        attachment.invalidate_recordset()
        return attachment, file.sha256.hexdigest()

    def _read_original(self):
        """The bytes of the original, all at once: not for where they can be large."""
        self.ensure_one()
        original = self.sudo().original_id
        return original.raw if original else self.payload.encode()

    def _digest_original(self):
        """The SHA-256 of the original as it is stored now, in hexadecimal; empty when its file is gone."""
        self.ensure_one()
        original = self.sudo().original_id
        if not original.store_fname:
            return hashlib.sha256(self._read_original()).hexdigest()
        try:
            with open(original._full_path(original.store_fname), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""
