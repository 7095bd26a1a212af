"""The one-time codes of a draw: functions and no methods, so that nothing in Odoo's sandbox can call them.

``commit`` gives the end of a new chain, ``reveal`` the next code of a draw that is under way. Both derive the secret
from the key, the nonce and the announced time: who moves that time in the database gets the codes of another chain.
``get_fingerprint`` and ``find_foreign`` say which key is in use and which draws it does not fit.
"""

import logging

from odoo import fields
from odoo.exceptions import UserError

from ...fields import get_draw_key_path
from ...tools import draw_key, vrs
from ...tools.clock import iso

_logger = logging.getLogger(__name__)


def commit(env, nonce, n, announced_for):
    """Return the commitment H^n (hexadecimal) of a draw with this nonce, announced for this time.

    :raise UserError: when the key cannot be read
    """
    return _make_chain(env, nonce, n, iso(announced_for))[n].hex()


def reveal(iteration):
    """Return the code that ``iteration``, the next of its draw, reveals; the log keeps that it did, come what may.

    :raise UserError: before the announced time, for any other code than the next one, or when the key in use is not the
        one of the commitment
    """
    draw, env = iteration.draw_id, iteration.env
    done = draw.iteration_ids.filtered("one_time_code_hex")
    state = "drawn" if done else "committed"
    if draw.state != state or iteration != draw.iteration_ids[len(done) :]:
        raise draw._logged_error(
            env._("Draw %(draw)s: only its next code is revealed.", draw=draw.number)
        )
    sealed = draw._get_sealed_time()
    if fields.Datetime.now() < max(draw.announced_for, sealed):
        raise draw._logged_error(
            env._("Draw %(draw)s: its codes are not due yet.", draw=draw.number)
        )
    code = _find_code(env, draw, len(done) + 1)
    _logger.info("%s: code %s revealed, uid: %s", draw.number, len(done) + 1, env.uid)
    return code


def get_fingerprint():
    """Return 16 hexadecimal digits that tell the draw key from others; None where no key can be read."""
    try:
        return draw_key.fingerprint(get_draw_key_path())
    except (OSError, ValueError):
        return None


def find_foreign(draws):
    """Return which of ``draws`` were committed with another key than the one in use; no key is made."""
    if not get_fingerprint():
        return draws
    return draws.filtered(lambda draw: not _is_own(draw))


def _is_own(draw):
    try:
        _find_code(draw.env, draw, 1)
    except UserError:
        return False
    return True


def _find_code(env, draw, number):
    """Return code ``number`` of the committed chain."""
    nonce = bytes.fromhex(draw.sudo().nonce)
    codes = _make_chain(env, nonce, draw.n, iso(draw.announced_for))
    if codes[draw.n].hex() == draw.code_hex:
        return codes[draw.n - number]
    raise UserError(
        env._(
            "Draw %(draw)s was committed with another draw key. Restore that key file, or void the draw.",
            draw=draw.number,
        )
    )


def _make_chain(env, nonce, n, moment):
    """Return ``[H^0, …, H^n]``.

    A key that is missing is made; where rosters were committed already, the log warns that theirs is not there.
    """
    path = get_draw_key_path()
    if not path.exists():
        known = env["srsp.draw"].sudo().search_count([], limit=1)
        _logger.log(
            logging.WARNING if known else logging.INFO,
            "There is no draw key in %s: a new one is made. What was committed with another one needs that file back",
            path,
        )
    try:
        key = draw_key.load(path)
    except (OSError, ValueError) as error:
        raise UserError(
            env._(
                "The draw key cannot be read; ask the administrator: %(error)s",
                error=error,
            )
        ) from error
    return vrs.chain(draw_key.secret(key, nonce, moment), n)
