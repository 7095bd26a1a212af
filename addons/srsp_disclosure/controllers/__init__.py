from . import supervision
from . import documents
