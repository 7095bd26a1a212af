from . import controllers
from . import models
from . import demo


def post_init_hook(env):
    """Publish what exists already, in the order in which it was formed, on the bureau's website."""
    env["website"]._srsp_dress()
    env["srsp.publication"]._backfill()
