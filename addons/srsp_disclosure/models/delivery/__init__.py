from . import srsp_channel
from . import srsp_delivery
from . import srsp_draw
from . import srsp_draw_witness
