from . import test_access
from . import test_code_writers
from . import test_filters
from . import test_logins
from . import test_region_migration
from . import test_regions
from . import test_roles
from . import test_working_days
