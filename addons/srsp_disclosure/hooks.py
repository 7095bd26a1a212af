from odoo.addons.srsp_supervision.hooks import forget_records


def post_init_hook(env):
    """Publish on the bureau's website what later publications refer to; a scheduled action publishes the rest."""
    env["website"]._srsp_dress()
    env["srsp.publication"]._backfill(urgent=True)


def uninstall_hook(env):
    """Remove what Odoo would leave behind; the website begins with its own page again."""
    forget_records(
        env, "srsp_disclosure", ["srsp.publication", "srsp.delivery", "srsp.channel"]
    )
    keys = [("key", "=like", "srsp\\_disclosure.%")]
    env["ir.config_parameter"].search(keys).unlink()
    env["website"].search([("homepage_url", "=", "/supervision")]).homepage_url = False
