"""The registries: entities, the targets that sectors see in them, their changes, health and yearly confirmation.

Entry points: ``srsp.entity``, ``srsp.target`` (never deleted; ``srsp.target.change`` is its history),
``srsp.key.target`` (the registry of key targets), ``srsp.registry.health`` and
``srsp.registry.confirmation``. Divisions get their to-do about permits, sectors their counts.
May import: base, chain, rulebook.
"""

from . import srsp_entity
from . import srsp_target
from . import srsp_target_change
from . import srsp_target_permit
from . import srsp_key_target
from . import srsp_division
from . import srsp_sector
from . import srsp_registry_health
from . import srsp_registry_confirmation
from . import srsp_event_check
