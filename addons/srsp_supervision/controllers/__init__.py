from . import lists
from . import registry
from . import draw_room
