from . import test_assignment
from . import test_canonical
from . import test_certificate
from . import test_draw
from . import test_verify_draw
from . import test_verify_draw_differences
from . import test_vrs
from . import test_working_days
