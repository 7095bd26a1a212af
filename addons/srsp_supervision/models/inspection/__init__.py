"""Inspections: the visits that a draw makes, their results, and what an entity has to put right.

A draw creates visits (``draw``); the team's buttons are on ``srsp.inspection``, and closing forms the result:
``srsp.inspection._close``, with the hook ``_after_close``. ``srsp_inspection_risk`` moves the risk classes of the
targets. May import any room but ``exchange``.
"""

from . import srsp_inspection
from . import srsp_inspection_line
from . import srsp_inspection_risk
from . import srsp_rectification
from . import srsp_event_check
