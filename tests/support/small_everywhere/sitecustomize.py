"""With this folder in ``PYTHONPATH``, every process that starts builds the small networks in place of the real ones."""

from common.config.architectures import ARCHITECTURES
from tests.support.small_network_row import ROWS

ARCHITECTURES.update(ROWS)
