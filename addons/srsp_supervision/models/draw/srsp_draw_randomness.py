import logging
import math
import re
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from ...actions import get_dialog_action
from ...exceptions import Waiting
from ...tools import certificate as cert
from ...tools import drand
from ...tools.clock import iso

_logger = logging.getLogger(__name__)


class SrspDraw(models.Model):
    """Where a draw's randomness comes from, and what each source can and cannot prove.

    A source is a ``randomness_kind`` with a sentence in ``_get_source_statements`` and a method
    ``_fetch_randomness_<kind>(now)`` that returns the values of the first iteration: ``randomness_hex`` and
    what else proves where it came from. It raises ``Waiting`` while the randomness is still to come.

    A lottery result is keyed in by two people, neither of whom sees what the other typed. The first entry is kept
    where no interface reads it. When the second differs, both are dropped, the chain records who typed what,
    and two people start again.
    """

    _inherit = "srsp.draw"  # pylint: disable=consider-merging-classes-inherited

    entry = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The first entry, until the second: {value, user_id, name, at, witnesses}",
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

    @api.model
    def _get_automatic_kinds(self):
        """Return the sources that need no manual entry."""
        return ["system", "drand"]

    @api.model
    def _get_source_statements(self):
        """Return ``{kind: what a source of this kind proves, and what it does not}``."""
        return {
            "system": self.env._(
                "The randomness came from the server's own generator: the certificate proves that the outcome follows"
                " from it, but outsiders must trust that it was asked for only once."
            ),
            "lottery": self.env._(
                "The randomness is a public lottery result, keyed in by two people before witnesses after the roster"
                " was locked: anybody can look it up, and nobody at the bureau could know or choose it."
            ),
            "drand": self.env._(
                "The randomness is a round of drand's public beacon, fixed when the roster was locked: anybody can"
                " fetch it and check its signature, and nobody could know or choose it before its time."
            ),
        }

    @api.model
    def _explain_weakness(self, kind, outcomes, needed):
        """Return a warning when a lottery of ``outcomes`` (0: unknown) has fewer bits than ``needed``."""
        if kind != "lottery":
            return ""
        if not outcomes:
            return self.env._(
                "The number of possible results of this lottery was not stated; covering every possible "
                "selection takes %(needed)s bits.",
                needed=needed,
            )
        bits = math.log2(outcomes)
        if bits >= needed:
            return ""
        return self.env._(
            "This lottery has %(bits)s bits, every possible selection takes %(needed)s: some selections "
            "cannot occur.",
            bits=math.floor(bits * 10) / 10,
            needed=needed,
        )

    @api.model
    def _get_bits_needed(self, strata):
        return cert.bits_needed(
            (stratum["size"], stratum["quota"]) for stratum in strata
        )

    def _get_randomness_part(self):
        """Return ``commitment.randomness`` as described in readme/CERTIFICATE.md."""
        part = {
            "source": self.randomness_kind,
            "lottery": self.lottery or "",
            "announced_for": iso(self.announced_for),
            "statement": self.randomness_statement,
            "bits_needed": self._get_bits_needed(self.strata),
        }
        return {**part, "drand": self.drand} if self.drand else part

    def _record_randomness(self, now=None):
        """Fetch the randomness once and store it; does nothing if the draw has its randomness."""
        now = now or fields.Datetime.now()
        self.lock_for_update()
        self._check_due(now)
        if not self.iteration_ids:
            fetch = getattr(self, f"_fetch_randomness_{self.randomness_kind}")
            self._keep_randomness(fetch(now))

    def _keep_randomness(self, vals):
        """Store the randomness in the first iteration, which has not run yet."""
        self.env["srsp.draw.iteration"].create(
            {"draw_id": self.id, "number": 1, **vals}
        )

    def _fetch_randomness_system(self, now):
        """Return 32 bytes of the operating system's generator."""
        return {"randomness_hex": secrets.token_bytes(32).hex()}

    def _fetch_randomness_lottery(self, now):
        raise Waiting(
            self.env._(
                "Draw %(draw)s is waiting for the lottery result: two people must enter it in the presence of "
                "witnesses.",
                draw=self.number,
            )
        )

    def _fetch_randomness_drand(self, now):
        """Return the committed round, from the first address that serves it with a valid signature.

        :raise Waiting: when the round has not been signed yet
        :raise UserError: when no address serves it
        """
        number = self.drand["round"]
        try:
            signature = drand.fetch(self.company_id._srsp_get_drand_urls(), number)
        except drand.DrandError as error:
            is_early = isinstance(error, drand.TooEarly)
            level = logging.INFO if is_early else logging.WARNING
            _logger.log(level, "Draw %s: no round %s: %s", self.number, number, error)
            raise (Waiting if is_early else UserError)(
                self.env._(
                    "Draw %(draw)s is waiting for round %(round)s of drand and retries every minute: %(failures)s",
                    draw=self.number,
                    round=number,
                    failures=self._explain_failures(error.failures),
                )
            ) from error
        return {
            "randomness_hex": drand.randomness(signature).hex(),
            "signature_hex": signature.hex(),
        }

    @api.model
    def _explain_failures(self, failures):
        """Return the ``failures`` of a ``DrandError`` as one translated text; the log has the client's own."""
        reasons = {
            "early": self.env._("the round has not been published yet"),
            "late": self.env._("did not answer in time"),
            "unreachable": self.env._("cannot be reached"),
            "forged": self.env._("the signature does not match the chain"),
            "wrong": self.env._("returned an answer that is not a valid round"),
        }
        texts = [
            self.env._("%(address)s: %(reason)s", address=url, reason=reasons[reason])
            for url, reason in failures
        ]
        return format_list(self.env, texts or [self.env._("no address is set")])

    def _enter(self, value, witnesses):
        """Accept one of the two entries, from the current user.

        :param value: the result as announced; only its numbers and their order count
        :return: ``first`` when another entry is needed, ``differs`` when both were dropped, ``drawn``
        :raise UserError: when it is not due, when there is no number, or when one person enters twice
        """
        self.lock_for_update()
        entry = self._prepare_entry(value, witnesses)
        first = self.entry
        if not first:
            self.write({"entry": entry, "entered_by_id": self.env.uid})
            return "first"
        if first["user_id"] == self.env.uid:
            raise UserError(
                self.env._(
                    "You made the first entry: another person must now enter the result again, from the "
                    "announcement."
                )
            )
        self.write({"entry": False, "entered_by_id": False})
        entries = [first, entry]
        if first["value"] != entry["value"]:
            rows = [[one["name"], one["at"], one["value"]] for one in entries]
            payload = {"number": self.number, "entries": rows}
            self.env["srsp.event"]._seal(self, "draw.entries_differ", payload)
            return "differs"
        self._keep_randomness(
            {
                "randomness_hex": entry["value"].encode().hex(),
                "entered_by": [one["name"] for one in entries],
                "witnesses": "; ".join(
                    dict.fromkeys(one["witnesses"] for one in entries)
                ),
            }
        )
        # From here on no other result can be entered.
        self.env["ir.cron"]._commit_progress()
        self._draw()
        return "drawn"

    def _prepare_entry(self, value, witnesses):
        self._check_due(fields.Datetime.now())
        if self.randomness_kind != "lottery" or self.iteration_ids:
            raise UserError(
                self.env._(
                    "Draw %(draw)s has its randomness, or takes it from another source.",
                    draw=self.number,
                )
            )
        numbers = ".".join(re.findall(r"[0-9]+", value or ""))
        if not numbers or not (witnesses or "").strip():
            raise UserError(
                self.env._("Enter the lottery result and name the witnesses.")
            )
        return {
            "value": numbers,
            "user_id": self.env.uid,
            "name": self.env.user.name,
            "at": iso(fields.Datetime.now()),
            "witnesses": witnesses.strip(),
        }
