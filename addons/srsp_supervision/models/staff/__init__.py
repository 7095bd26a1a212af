"""Who inspects: inspectors and experts, their certificates, absences, recusals and trainings; publicity.

Entry points: ``srsp.inspector._get_eligible_domain(task)`` (who may be drawn), ``_get_expert_domain``, and the
abstract ``srsp.inspector.declaration`` behind absences and recusals. Personal data are a feature of an inspector.
May import: base, chain, rulebook, registry.
"""

from . import res_users
from . import srsp_inspector
from . import srsp_inspector_personal
from . import srsp_inspector_certificate
from . import srsp_inspector_declaration
from . import srsp_inspector_absence
from . import srsp_inspector_tie
from . import srsp_recusal
from . import srsp_training
from . import srsp_publicity
