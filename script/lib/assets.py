"""Run in ``odoo shell``: build the bundles of the first pages once, so that no first visitor waits for them."""

for name in (
    "web.assets_web",
    "web.assets_frontend",
    "web.assets_frontend_minimal",
    "web.assets_frontend_lazy",
):
    env["ir.qweb"]._get_asset_bundle(name, css=True, js=False).css()
    env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()
env.cr.commit()
