from . import srsp_reason
from . import srsp_draw_randomness
