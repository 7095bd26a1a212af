from . import srsp_reason
from . import srsp_draw_randomness
from . import srsp_rulebook_effects
from . import srsp_list_import
from . import srsp_list_import_reasons
from . import srsp_list_comparison
from . import srsp_reason_import
from . import srsp_task_roster_import
