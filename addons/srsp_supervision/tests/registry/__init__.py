from . import test_contacts
from . import test_demo_registry
from . import test_key_target
from . import test_registry_doors
from . import test_registry_health
from . import test_registry_insiders
from . import test_search
from . import test_target
