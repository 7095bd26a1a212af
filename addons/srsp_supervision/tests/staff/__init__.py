from . import test_inspectors
from . import test_qualifications
from . import test_recusals
