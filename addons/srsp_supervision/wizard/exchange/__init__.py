from . import srsp_reason_import
