"""How much of each hospital's answers lies in Flower's store, in memory, until the ServerApp fetches it.

A hospital answers each message once, but Flower lets an answer name as many objects as its sender likes, and an answer
that is repeated name others.
"""

from collections import defaultdict
from collections.abc import Container

from common.config.architectures import ARCHITECTURES

MOST_BYTES = 3 * max(each.state_bytes for each in ARCHITECTURES.values())
"""Of one hospital: a model, a control variate of its size, and room for names, figures and an answer sent twice."""
MOST_OBJECTS = 1000
"""Of one hospital; Flower cuts a model into pieces of 5 MB."""


class HeldObjects:
    """Counts objects by hospital.

    Parameters
    ----------
    store : container of str
        The identifiers of all objects that Flower still keeps or expects.
    """

    def __init__(self, store: Container[str], most_bytes: int = MOST_BYTES, most_objects: int = MOST_OBJECTS) -> None:
        self._store = store
        self._most_bytes, self._most_objects = most_bytes, most_objects
        self._sizes: defaultdict[str, dict[str, int]] = defaultdict(dict)  # hospital to object to bytes

    def admits(self, hospital: str, identifier: str, size: int) -> bool:
        """Tell whether a hospital may put one more object into the store; count it if so."""
        held = {known: bytes_ for known, bytes_ in self._sizes[hospital].items() if known in self._store}
        self._sizes[hospital] = held
        others = sum(bytes_ for known, bytes_ in held.items() if known != identifier)
        if others + size > self._most_bytes or len(held.keys() - {identifier}) >= self._most_objects:
            return False
        held[identifier] = size
        return True
