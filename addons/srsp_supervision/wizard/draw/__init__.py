from . import srsp_draw_change
from . import srsp_draw_randomness
