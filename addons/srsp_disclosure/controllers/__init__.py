from . import supervision
from . import documents
from . import link_preview
