from . import test_archived
from . import test_emptied_dates
from . import test_inspection
from . import test_risk
