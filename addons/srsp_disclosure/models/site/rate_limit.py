"""How many public requests one address may make, and how often one thing may be looked up.

Counted in the memory of each process, over a moving window of a minute: with several workers an address may get as
many times more. What must not be exceeded at all is limited by the proxy in front (see ``deploy/``).
"""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import abort

from odoo.http import Response, request

_limiter = MovingWindowRateLimiter(MemoryStorage())


def refuse_above(per_minute, *key):
    """Count one request of ``key``; above the limit, end the request with status 429 and ``Retry-After``.

    The system parameter ``srsp_disclosure.rate_percent`` scales all limits; 0 lets everything through.
    """
    parameters = request.env["ir.config_parameter"].sudo()
    percent = int(parameters.get_param("srsp_disclosure.rate_percent", 100))
    item = RateLimitItemPerMinute(per_minute * percent // 100 or 1)
    key = [str(part) for part in (request.db, *key)]
    if percent and not _limiter.hit(item, *key):
        seconds = _limiter.get_window_stats(item, *key).reset_time - time.time()
        text = request.env._("Too many requests: please try again in a minute.")
        headers = {"Retry-After": str(max(math.ceil(seconds), 1))}
        abort(Response(text, status=429, headers=headers, mimetype="text/plain"))
