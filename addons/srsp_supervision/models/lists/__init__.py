"""The two lists (两单): inspection items and joint duties, with the legal bases that they cite.

Entry points: ``srsp.list`` (a version, from draft to superseded; ``_get_in_force`` finds the one that holds),
``srsp.list.part`` (a division's share of a draft), ``srsp.item`` and ``srsp.duty`` (the lines) and
``srsp.legal.basis``. Features of a version: comparison, effect, print (paper), workbook.
May import: base, chain, rulebook, registry, staff.
"""

from . import srsp_legal_basis
from . import srsp_list
from . import srsp_list_comparison
from . import srsp_list_effect
from . import srsp_list_paper
from . import srsp_list_workbook
from . import srsp_list_part
from . import srsp_event_check
from . import srsp_list_line_mixin
from . import srsp_method
from . import srsp_item
from . import srsp_duty
