from . import srsp_list_sheet
from . import registry
