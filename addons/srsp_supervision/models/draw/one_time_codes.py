from odoo.exceptions import UserError
from odoo.tools import config

from ...tools import draw_key, vrs


def one_time_codes(env, nonce, n):
    """Return ``[H^0, …, H^n]`` of the draw with this nonce.

    A function and not a method: nothing that runs in Odoo's sandbox (a server action, say) can call it.
    The key lies in the file ``srsp_draw_key_file`` of the configuration, or in the data folder.

    :raise UserError: when the key cannot be read
    """
    path = config.get("srsp_draw_key_file") or f"{config['data_dir']}/srsp_draw.key"
    try:
        key = draw_key.load(path)
    except (OSError, ValueError) as error:
        raise UserError(
            env._(
                "The draw key cannot be read; ask the administrator: %(error)s",
                error=error,
            )
        ) from error
    return vrs.chain(draw_key.secret(key, nonce), n)
