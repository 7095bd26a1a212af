import secrets

from odoo import api, models
from odoo.exceptions import UserError


class SrspDraw(models.Model):
    """Where a draw's randomness comes from: ``_fetch_randomness_<kind>`` and what each kind proves."""

    _inherit = "srsp.draw"

    @api.model
    def _get_automatic_kinds(self):
        """Sources that need nobody at the keyboard."""
        return ["system"]

    def _fetch_randomness_system(self, now):
        """32 bytes of the operating system's generator."""
        return secrets.token_bytes(32)

    def _fetch_randomness_lottery(self, now):
        raise UserError(
            self.env._(
                "Draw %(draw)s waits for the lottery result: key it in before witnesses.",
                draw=self.number,
            )
        )

    @api.model
    def _get_randomness_statement(self, kind, company):
        """One plain sentence, in the company's language, about what the source can and cannot prove."""
        env = company._srsp_in_language(self).env
        return {
            "system": env._(
                "The randomness came from the server's own generator: the certificate proves that the outcome follows"
                " from it, but outsiders must trust that it was asked for only once."
            ),
            "lottery": env._(
                "The randomness is a public lottery result, keyed in before witnesses after the roster was locked:"
                " anybody can look it up, and nobody at the bureau could know or choose it."
            ),
        }.get(kind, "")

    @api.model
    def _check_source(self, task, rulebook):
        kind = task.randomness_kind or rulebook.randomness_kind
        if kind == "lottery" and not (task.lottery or "").strip():
            raise UserError(
                self.env._(
                    "Task %(task)s: say which issue of which lottery decides.",
                    task=task.name,
                )
            )
