"""The integrity chain: an append-only row for each event that must stay on record, and its verification.

``srsp.event._seal`` appends; ``srsp.event.change`` records by itself what changes in any row of ours (``sealed_tables``
says which); ``srsp.event.check`` reads the chain and compares it with the rows and the records. Each room names the
models it seals (``_get_sealed_models``) and what of a record (``_prepare_seal``). ``srsp.chain.head`` sends the last
hash out of the house every day. ``ir.module.module`` keeps the addons whose records are evidence. May import ``base``.
"""

from . import base
from . import mail_mail
from . import srsp_event
from . import srsp_event_change
from . import ir_model_fields
from . import srsp_event_row
from . import srsp_event_check
from . import srsp_chain_head
from . import srsp_event_check_heads
from . import srsp_event_state
from . import ir_module_module
from . import srsp_event_removal
from . import srsp_monitor
