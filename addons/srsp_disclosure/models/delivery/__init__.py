"""Delivery: channels to public credit platforms and the outbox.

Entry points: ``srsp.channel._queue(publications)`` and the scheduled action of ``srsp.delivery``; the protocol is in
``tools/platform_client.py``. A platform whose receipt for a commitment comes in time is a witness.
May import ``publication`` and ``site``.
"""

from . import srsp_channel
from . import srsp_delivery
from . import srsp_draw
from . import srsp_draw_witness
from . import srsp_monitor
