from odoo import api, models

# The sample telephone number, search box, slogan and copyright line of a new website.
SAMPLES = (
    "header_call_to_action",
    "header_text_element",
    "header_search_box",
    "footer_copyright_company_name",
)
UNNAMED = "My Website"


class Website(models.Model):
    _inherit = "website"

    @api.model
    def _srsp_dress(self):
        """Give a website that has no name yet the bureau's, and hide the sample content."""
        for website in self.search([("name", "=", UNNAMED)]):
            website.name = website.company_id.name
        for name in SAMPLES:
            if view := self.env.ref(f"website.{name}", raise_if_not_found=False):
                view.active = False
