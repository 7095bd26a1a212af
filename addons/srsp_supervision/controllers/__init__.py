from . import srsp_list_sheet
from . import srsp_list_comparison
from . import registry
from . import draw_room
