from . import controllers
from . import models
from . import demo


def post_init_hook(env):
    """Publish what exists already, in the order in which it came about."""
    env["srsp.publication"]._backfill()
