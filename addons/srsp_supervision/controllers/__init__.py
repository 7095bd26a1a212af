from . import srsp_list_sheet
