from . import srsp_inspection
from . import srsp_inspection_line
from . import srsp_inspection_result
from . import srsp_inspection_risk
from . import srsp_rectification
