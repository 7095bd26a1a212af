"""Publications: what the bureau has published, word for word, with its deadline.

Entry points: ``srsp.publication._publish(record, kind)``, which the hooks of ``srsp_supervision`` call, and
``srsp.publication.mixin``, by which a model says what is published about it. May import no other room.
"""

from . import srsp_publication
from . import srsp_publication_deadline
from . import srsp_publication_backfill
from . import srsp_publication_mixin
from . import ir_attachment
from . import res_users
from . import srsp_event
from . import srsp_event_check
from . import srsp_calendar_day
from . import srsp_calendar_exception
from . import srsp_rulebook
from . import srsp_list
from . import srsp_item
from . import srsp_duty
from . import srsp_plan
from . import srsp_task
from . import srsp_draw
from . import srsp_inspection
from . import srsp_entity
