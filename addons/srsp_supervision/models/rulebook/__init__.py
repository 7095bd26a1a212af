"""The rulebook (实施细则): the parameters that every other room asks for, in versions with a day of effect; and the
days on which the bureau's calendar differs from the State's.

Entry points: ``srsp.rulebook._get_in_force`` and ``_find_in_force`` (the one of a day), ``_get_effects`` (what
a draft would change; other addons add their own). The effects are a feature of their own.
May import: base, chain.
"""

from . import srsp_rulebook
from . import srsp_rulebook_effects
from . import srsp_calendar_exception
from . import srsp_calendar_day
from . import srsp_event_check
