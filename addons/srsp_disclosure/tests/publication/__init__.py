from . import test_access
from . import test_announcement
from . import test_chain_link
from . import test_deadline
from . import test_language
from . import test_original
from . import test_publication
from . import test_rulebook
