"""Run in ``odoo shell``: let the demo's channel deliver to the sandbox platform at ``SRSP_PLATFORM``."""

import os

env.ref("srsp_disclosure.demo_channel").url = os.environ["SRSP_PLATFORM"]
env.cr.commit()
