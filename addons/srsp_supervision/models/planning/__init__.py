"""Plans and tasks: what is inspected when, and how much of each registry a year's draws cover.

Entry points: ``srsp.plan`` (generated from the item list, published), ``srsp.task`` (from its plan to
``done``; ``_get_pool_domain`` says whom it may draw), the read-only ``srsp.coverage`` and
``srsp.coverage.frequency``. Features of a task: announcement, approval, items that move, a list sent down.
May import: base, chain, rulebook, registry, staff, lists.
"""

from . import srsp_plan
from . import srsp_task
from . import srsp_task_stratum
from . import srsp_task_moved_items
from . import srsp_task_announcement
from . import srsp_task_approval
from . import srsp_task_external
from . import srsp_task_roster
from . import srsp_coverage
from . import srsp_coverage_frequency
