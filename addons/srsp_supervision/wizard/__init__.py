from . import base
from . import rulebook
from . import lists
from . import srsp_draw_change
from . import srsp_draw_randomness
from . import srsp_reason_import
from . import srsp_task_roster_import
from . import srsp_plan_generation
