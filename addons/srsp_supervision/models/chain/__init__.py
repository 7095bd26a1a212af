"""The integrity chain: an append-only row for each event that must stay on record, and its verification.

``srsp.event._seal`` appends; ``srsp.event.check`` reads the chain and compares it with the records. Each room names the
models it seals and brings their comparison (``_get_sealed_models``, ``_compare_<model>``). May import ``base``.
"""

from . import base
from . import srsp_event
from . import srsp_event_change
from . import srsp_event_row
from . import srsp_event_check
