from . import srsp_demo
