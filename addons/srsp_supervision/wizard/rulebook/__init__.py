from . import srsp_rulebook_effects
