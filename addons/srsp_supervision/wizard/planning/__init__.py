from . import srsp_task_roster_import
from . import srsp_plan_generation
