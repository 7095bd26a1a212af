from . import base
from . import chain
from . import rulebook
from . import lists
from . import planning
from . import draw
from . import exchange
