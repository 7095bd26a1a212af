from odoo import models
from odoo.http import request

# Of pages. Odoo's carry scripts and styles inline, so that a stricter policy on these would break them.
SECURITY_HEADERS = {
    "Content-Security-Policy": "base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


class IrHttp(models.AbstractModel):
    """What every answer of the server carries, beside what its route wrote."""

    _inherit = "ir.http"

    @classmethod
    def _post_dispatch(cls, response):
        """No answer that a cache may keep carries a cookie: the cache would hand a session to the next visitor."""
        shared = response.cache_control.public
        if shared:
            request.session.can_save = False
        super()._post_dispatch(response)
        if shared:
            response.headers.remove("Set-Cookie")
        if response.mimetype == "text/html":
            response.headers.update(SECURITY_HEADERS)
