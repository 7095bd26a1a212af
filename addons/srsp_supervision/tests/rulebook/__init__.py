from . import test_rulebook
from . import test_rulebook_demo
from . import test_rulebook_effects
