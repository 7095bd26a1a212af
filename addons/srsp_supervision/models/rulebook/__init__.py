from . import srsp_rulebook
from . import srsp_rulebook_life
from . import srsp_rulebook_effects
