from . import srsp_list_import
from . import srsp_list_import_reasons
from . import srsp_list_comparison
