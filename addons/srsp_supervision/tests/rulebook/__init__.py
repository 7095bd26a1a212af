from . import test_calendar_exception
from . import test_rulebook
from . import test_rulebook_demo
from . import test_rulebook_effects
