from . import models
from . import wizard
from . import controllers
from . import demo
from .hooks import pre_init_hook, uninstall_hook


def pre_init_hook(env):
    """Install Chinese for a bureau in China, before the first text is entered in the bureau's language."""
    chinese = env.ref("base.lang_zh_CN")
    bureaus = env["res.company"].search_count(
        [("partner_id.country_id.code", "=", "CN")]
    )
    if bureaus and not chinese.active:
        chinese.active = True
        installed = env["ir.module.module"].search([("state", "=", "installed")])
        installed._update_translations([chinese.code])
