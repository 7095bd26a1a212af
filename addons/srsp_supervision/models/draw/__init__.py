"""The draw: a locked roster, public randomness, the teams, and what may happen to a draw afterwards.

``srsp.task`` locks and draws when it is due (``srsp_task``), with a ``RosterLock`` and ``srsp.draw._draw``; outsiders
get the certificate (``srsp_draw_certificate``), and the hooks are on ``srsp.task``. Integrators add sources of
randomness (``srsp_draw``). May import any room but ``inspection`` and ``exchange``; visits are made by SQL.
"""

from . import srsp_draw
from . import srsp_draw_line
from . import srsp_draw_iteration
from . import srsp_draw_lottery
from . import srsp_draw_certificate
from . import srsp_draw_change
from . import srsp_draw_request
from . import srsp_draw_witness
from . import srsp_draw_room
from . import srsp_draw_return
from . import srsp_task
from . import srsp_notice
from . import srsp_event_check
from . import srsp_monitor
