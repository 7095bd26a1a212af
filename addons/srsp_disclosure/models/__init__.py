from . import publication
from . import site
from . import delivery
