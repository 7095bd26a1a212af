from . import controllers
from . import models
from . import demo


def post_init_hook(env):
    """Publish what exists already, in the order in which it came about, on a website of the bureau's own."""
    env["website"]._srsp_dress()
    env["srsp.publication"]._backfill()
