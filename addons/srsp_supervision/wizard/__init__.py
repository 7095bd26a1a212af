from . import base
from . import rulebook
from . import lists
from . import planning
from . import draw
from . import exchange
