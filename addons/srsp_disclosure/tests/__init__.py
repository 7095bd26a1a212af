from .publication import *
from .site import *
from .delivery import *
