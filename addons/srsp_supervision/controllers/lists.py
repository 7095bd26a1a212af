from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOWNLOAD = {"type": "http", "auth": "user", "methods": ["GET"], "readonly": True}


class ListWorkbooks(http.Controller):
    @http.route("/srsp/list/<int:list_id>/workbook", **DOWNLOAD)
    def list_workbook(self, list_id):
        """A version as a workbook, with the lines that the user may read."""
        version = request.env["srsp.list"].browse(list_id).exists()
        if not version:
            raise request.not_found()
        return self._respond(version._export_workbook(), version._get_workbook_name())

    @http.route("/srsp/comparison/<int:comparison_id>/workbook", **DOWNLOAD)
    def comparison_workbook(self, comparison_id):
        """The comparison as a workbook; its creator alone gets it, with what that user may read."""
        comparison = request.env["srsp.list.comparison"].browse(comparison_id).exists()
        if not comparison:
            raise request.not_found()
        comparison.check_access("read")
        return self._respond(
            comparison._export_workbook(), f"{comparison.display_name}.xlsx"
        )

    def _respond(self, data, name):
        return request.make_response(
            data,
            headers=[
                ("Content-Type", XLSX),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
