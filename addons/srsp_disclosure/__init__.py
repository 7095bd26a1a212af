from . import controllers
from . import models
from . import demo
from .hooks import post_init_hook, uninstall_hook


def post_init_hook(env):
    """Publish on the bureau's website what later publications refer to; a scheduled action publishes the rest."""
    env["website"]._srsp_dress()
    env["srsp.publication"]._backfill(urgent=True)
