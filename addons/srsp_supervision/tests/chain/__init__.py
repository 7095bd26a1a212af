from . import test_addon_removal
from . import test_canonical
from . import test_chain_head
from . import test_event_check
from . import test_event_format
from . import test_event_state
from . import test_sealed_rows
