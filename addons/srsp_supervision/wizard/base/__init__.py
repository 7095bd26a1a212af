from . import srsp_reason
