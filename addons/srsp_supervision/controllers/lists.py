from odoo import http
from odoo.http import content_disposition, request

from .downloads import NOT_KEPT, check_may_export

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOWNLOAD = {"type": "http", "auth": "user", "methods": ["GET"], "readonly": True}


class ListWorkbooks(http.Controller):
    @http.route("/srsp/list/<int:record_id>/workbook", **DOWNLOAD)
    def list_workbook(self, record_id):
        """A version as a workbook, with the lines that the user may read."""
        return self._download("srsp.list", record_id)

    @http.route("/srsp/comparison/<int:record_id>/workbook", **DOWNLOAD)
    def comparison_workbook(self, record_id):
        """The comparison as a workbook; its creator alone gets it, with what that user may read."""
        return self._download("srsp.list.comparison", record_id)

    def _download(self, model, record_id):
        record = request.env[model].browse(record_id).exists()
        if not record:
            raise request.not_found()
        check_may_export()
        record.check_access("read")
        headers = {
            "Content-Type": XLSX,
            "Content-Disposition": content_disposition(record._get_workbook_name()),
            **NOT_KEPT,
        }
        return request.make_response(record._export_workbook(), headers=headers)
