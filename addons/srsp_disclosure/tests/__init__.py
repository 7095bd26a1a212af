from . import test_publication
from . import test_rulebook
from . import test_deadline
from . import test_access
from . import test_channel
from . import test_delivery
from . import test_original
from . import test_pages
