from werkzeug.exceptions import HTTPException

from odoo import models
from odoo.http import request

from .rate_limit import refuse_above

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
    def _pre_dispatch(cls, rule, args):
        """A route with ``srsp_limit`` answers one address that many times a minute."""
        limit = rule.endpoint.routing.get("srsp_limit")
        if limit and not request.session.uid:
            refuse_above(limit, limit, request.httprequest.remote_addr)
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _get_exception_code_values(cls, exception):
        """Say what went wrong in the reader's language: the sentences of HTTP errors are English."""
        code, values = super()._get_exception_code_values(exception)
        title = request.env._("This page cannot be shown")
        values.update(additional_title=title, status_message=title)
        if isinstance(exception, HTTPException):
            values["error_message"] = request.env._(
                "This website does not answer such a request: begin again at the home page."
            )
        return code, values

    @classmethod
    def _post_dispatch(cls, response):
        """No answer that a cache may keep carries a cookie: the cache would hand a session to the next visitor."""
        shared = response.cache_control.public
        if shared:
            request.session.can_save = False
        result = super()._post_dispatch(response)
        if shared:
            response.headers.remove("Set-Cookie")
        if response.mimetype == "text/html":
            response.headers.update(SECURITY_HEADERS)
        return result
