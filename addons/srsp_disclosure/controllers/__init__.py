from . import supervision
from . import documents
from . import chain
from . import link_preview
