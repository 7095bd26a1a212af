from . import srsp_event
from . import srsp_event_check
