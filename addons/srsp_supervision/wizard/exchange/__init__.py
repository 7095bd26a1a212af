from . import srsp_reason_import
from . import srsp_task_roster_import
