from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ListComparison(http.Controller):
    @http.route(
        "/srsp/comparison/<int:comparison_id>/workbook",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def workbook(self, comparison_id):
        """The comparison as a workbook; its creator alone gets it, with what that user may read."""
        comparison = request.env["srsp.list.comparison"].browse(comparison_id).exists()
        if not comparison:
            raise request.not_found()
        comparison.check_access("read")
        return request.make_response(
            comparison._export_workbook(),
            headers=[
                ("Content-Type", XLSX),
                (
                    "Content-Disposition",
                    content_disposition(f"{comparison.display_name}.xlsx"),
                ),
            ],
        )
