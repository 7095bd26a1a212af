from . import test_channel
from . import test_dead_channel
from . import test_delivery
from . import test_witnesses
from . import test_sealed_steps
