import hashlib

from odoo import api, fields, models


class SrspPublication(models.Model):
    """The original of a publication: the very bytes that ``digest`` is the SHA-256 of.

    They are ``payload`` itself, except where they can be large (a certificate names the whole roster): then
    they are a file that is written and served piece by piece, and ``payload`` is its head, what a page
    shows of it, whose digest is sealed as well.
    """

    _inherit = "srsp.publication"  # pylint: disable=consider-merging-classes-inherited

    original_id = fields.Many2one(
        "ir.attachment", readonly=True, ondelete="restrict", groups="base.group_user"
    )

    @api.model
    def _store_original(self, write, name):
        """Store what ``write(append)`` gives to ``append`` piece by piece; return the attachment and the SHA-256."""
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {"name": name, "res_model": self._name, "mimetype": "application/json"}
            )
        )
        return attachment, attachment._srsp_write_content(write)

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
