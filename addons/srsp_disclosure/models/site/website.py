from odoo import Command, api, models

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

    def _srsp_speak(self):
        """Make the language of the bureau, in which its publications are, that of these websites.

        Where somebody has chosen several languages, the others stay.
        """
        for website in self:
            code = website.company_id.srsp_language
            language = self.env["res.lang"]._lang_get(code)
            kept = website.language_ids if len(website.language_ids) > 1 else language
            website.write(
                {
                    "language_ids": [Command.set((kept | language).ids)],
                    "default_lang_id": language.id,
                }
            )

    @api.model
    def _srsp_dress(self):
        """Give a website that has no name yet the bureau's, and its language; hide the sample content."""
        for website in self.search([("name", "=", UNNAMED)]):
            website.name = website.company_id.name
            website._srsp_speak()
        for name in SAMPLES:
            if view := self.env.ref(f"website.{name}", raise_if_not_found=False):
                view.active = False
