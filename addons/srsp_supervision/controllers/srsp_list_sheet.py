from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ListSheet(http.Controller):
    @http.route(
        "/srsp/list/<int:list_id>/workbook",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def workbook(self, list_id):
        """A version as a workbook, with the lines that the user may read."""
        version = request.env["srsp.list"].browse(list_id).exists()
        if not version:
            raise request.not_found()
        return request.make_response(
            version._export_workbook(),
            headers=[
                ("Content-Type", XLSX),
                (
                    "Content-Disposition",
                    content_disposition(version._get_workbook_name()),
                ),
            ],
        )
