from . import srsp_list_import
from . import srsp_list_comparison
