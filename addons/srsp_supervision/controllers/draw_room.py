from odoo import http
from odoo.http import request

from .downloads import NOT_KEPT

ROOM = {"type": "http", "auth": "user", "methods": ["GET"], "readonly": True}


class DrawRoom(http.Controller):
    @http.route("/srsp/draw_room/<int:draw_id>", **ROOM)
    def room(self, draw_id):
        """The screen of a draw before witnesses; see ``srsp.draw._get_room_state``."""
        draw = self._get_draw(draw_id)
        return request.render(
            "srsp_supervision.draw_room", draw._get_room_values(), headers=NOT_KEPT
        )

    @http.route("/srsp/draw_room/<int:draw_id>/state", **ROOM)
    def state(self, draw_id):
        draw = self._get_draw(draw_id)
        return request.make_json_response(draw._get_room_state(), headers=NOT_KEPT)

    def _get_draw(self, draw_id):
        """Return the draw in the bureau's language, whoever stands at the screen: witnesses read it."""
        draw = request.env["srsp.draw"].browse(draw_id).exists()
        if not draw or not draw._is_room_open():
            raise request.not_found()
        draw = draw.company_id._srsp_in_language(draw.sudo())
        request.update_context(lang=draw.env.lang)
        return draw
