from . import test_beijing_day
from . import test_coverage
from . import test_lists_and_plans
from . import test_plan_generation
from . import test_task_approval
from . import test_task_strata
