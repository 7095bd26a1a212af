"""Run in ``odoo shell``: build the bundles once, so that no first visitor waits for them."""

env["ir.qweb"]._pregenerate_assets_bundles()  # noqa: F821
env.cr.commit()  # noqa: F821
