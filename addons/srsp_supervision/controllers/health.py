import hashlib
import hmac

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..models.base.res_company import MONITOR_TOKEN
from .downloads import NOT_KEPT


class Health(http.Controller):
    @http.route(
        "/srsp/health",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
        readonly=True,
    )
    def health(self, **_other):
        """Tell a monitoring program whether something is stuck; see ``srsp.monitor._get_report`` for the answer.

        The token comes in the header ``Authorization: Bearer …``, as every common monitor can send it: an address
        would leave it in the logs of proxies. Without it or with another one: 401, and nothing is told. 200 while the
        status is ``ok`` or ``attention``, 503 when it is ``failing``.
        """
        env = request.env(user=SUPERUSER_ID)
        known = env["ir.config_parameter"].get_param(MONITOR_TOKEN) or ""
        header = request.httprequest.headers.get("Authorization", "")
        scheme, _space, token = header.partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        is_known = hmac.compare_digest(digest.encode(), known.encode())
        if not is_known or scheme.lower() != "bearer":
            headers = {**NOT_KEPT, "WWW-Authenticate": "Bearer"}
            return request.make_json_response({}, headers=headers, status=401)
        report = env["srsp.monitor"]._get_report()
        status = 503 if report["status"] == "failing" else 200
        return request.make_json_response(report, headers=NOT_KEPT, status=status)
