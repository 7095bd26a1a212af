from . import srsp_demo
from . import srsp_demo_import
from . import srsp_demo_lists
from . import srsp_demo_registry
from . import srsp_demo_visit
