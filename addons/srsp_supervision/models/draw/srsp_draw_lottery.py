import unicodedata

from odoo import fields, models
from odoo.exceptions import UserError

from ...actions import get_dialog_action, get_notification
from ...fields import decrypt, encrypt
from ...tools.clock import iso


class SrspDraw(models.Model):
    """The entry of a public lottery result before witnesses.

    It is keyed in by two people, neither of whom sees what the other typed. The first entry is kept
    where no interface reads it, encrypted. When the second differs, both are dropped, the chain records who typed what,
    and two people start again.
    """

    _inherit = "srsp.draw"

    entry = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The first entry, until the second: {value, user_id, name, at, witnesses}; the value is encrypted.",
    )
    entered_by_id = fields.Many2one("res.users", "First Entry by", readonly=True)

    def action_enter_randomness(self):
        """Open the form to key in a public lottery result before witnesses."""
        self.ensure_one()
        return get_dialog_action(
            self.env["srsp.draw.randomness"],
            self.env._("Randomness of %(draw)s", draw=self.number),
            context={"default_draw_id": self.id},
        )

    def _enter(self, value, witnesses):
        """Accept one of the two entries, from the current user; the second one draws.

        :param value: the result as announced; only its numbers and their order count
        :return: the action that closes the form and says what is to be done
        :raise UserError: when it is not due, when there is no number, or when one person enters twice
        """
        self.lock_for_update()
        entry, first = self._prepare_entry(value, witnesses), self.entry
        close = {"type": "ir.actions.act_window_close"}
        if not first:
            kept = {**entry, "value": encrypt(self.env, entry["value"])}
            self.write({"entry": kept, "entered_by_id": self.env.uid})
            message = self.env._(
                "Your entry has been saved and is not shown to anyone. Another person must now enter the result "
                "again."
            )
            return get_notification("info", message, sticky=True, next=close)
        if first["user_id"] == self.env.uid:
            raise UserError(
                self.env._(
                    "You made the first entry: another person must now enter the result again, from the "
                    "announcement."
                )
            )
        first = {**first, "value": decrypt(self.env, first["value"])}
        self.write({"entry": False, "entered_by_id": False})
        entries = [first, entry]
        if first["value"] != entry["value"]:
            rows = [[one["name"], one["at"], one["value"]] for one in entries]
            payload = {"format": 1, "number": self.number, "entries": rows}
            self.env["srsp.event"]._seal(self, "draw.entries_differ", payload)
            message = self.env._(
                "The two entries differ. Both were discarded, and this is recorded in the chain: two people "
                "must enter the result again."
            )
            return get_notification("danger", message, sticky=True, next=close)
        present = dict.fromkeys(one["witnesses"] for one in entries)
        self._keep_randomness(
            {
                "randomness_hex": entry["value"].encode().hex(),
                "entered_by": [one["name"] for one in entries],
                "witnesses": "; ".join(present),
            }
        )
        # From here on no other result can be entered.
        self.env["ir.cron"]._commit_progress()
        self._draw()
        return close

    def _prepare_entry(self, value, witnesses):
        self._check_due(fields.Datetime.now())
        if self.randomness_kind != "lottery" or self.iteration_ids:
            raise UserError(
                self.env._(
                    "Draw %(draw)s has its randomness, or takes it from another source.",
                    draw=self.number,
                )
            )
        numbers, unknown = _read_numbers(value or "")
        if unknown:
            raise UserError(
                self.env._(
                    "The lottery result has characters that are not understood: %(found)s. Enter its numbers "
                    "alone, separated by dots, commas or blanks, e.g. 9.18.26.34.41.45.",
                    found=unknown,
                )
            )
        if not numbers or not (witnesses or "").strip():
            raise UserError(
                self.env._("Enter the lottery result and name the witnesses.")
            )
        self.iteration_ids.new({"witnesses": witnesses})._check_personal_numbers()
        return {
            "value": numbers,
            "user_id": self.env.uid,
            "name": self.env.user._srsp_get_signature(self.company_id),
            "at": iso(fields.Datetime.now()),
            "witnesses": witnesses.strip(),
        }


def _read_numbers(text):
    """Return the numbers of a lottery result as ``9.18.26`` and what of ``text`` is neither digit nor separator.

    Digits may be of any width or script, punctuation, blanks and mathematical signs of any kind separate them. A number
    keeps its leading zeros: it counts as announced.
    """
    spelled, unknown = "", []
    for sign in text:
        kind = unicodedata.category(sign)
        if kind == "Nd":
            spelled += str(unicodedata.decimal(sign))
        elif kind[0] in "ZP" or kind == "Sm" or sign.isspace():
            spelled += " "
        else:
            shown = sign if sign.isprintable() else f"U+{ord(sign):04X}"
            unknown.append(shown)
    return ".".join(spelled.split()), " ".join(dict.fromkeys(unknown))
