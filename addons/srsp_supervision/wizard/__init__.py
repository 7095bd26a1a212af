from . import base
from . import rulebook
from . import lists
from . import planning
from . import srsp_draw_change
from . import srsp_draw_randomness
from . import srsp_reason_import
