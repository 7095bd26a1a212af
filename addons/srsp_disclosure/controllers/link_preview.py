"""Routes of Odoo's that anybody could call and that a public site must not offer to everybody."""

from odoo import http

from odoo.addons.html_editor.controllers.main import HTML_Editor


class LinkPreview(HTML_Editor):
    @http.route(auth="user")
    def link_preview_metadata(self, preview_url):
        """Staff only: this fetches any address from the server, one inside the bureau's network too."""
        return super().link_preview_metadata(preview_url)
