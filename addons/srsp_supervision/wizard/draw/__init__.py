from . import srsp_draw_change
from . import srsp_draw_opening
from . import srsp_draw_randomness
