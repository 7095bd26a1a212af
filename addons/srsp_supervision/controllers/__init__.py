from . import downloads
from . import health
from . import lists
from . import registry
from . import draw_room
from . import rpc
