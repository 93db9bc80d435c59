"""Made-up updates, as the server hands them to a strategy."""

from collections.abc import Sequence

import tests.support.hospitals  # noqa: F401  (Flower then makes messages outside of its own processes)
from common.model.weights import Arrays
from server.strategies.updates import Updates


def updates_of(*parts: tuple[Arrays, int], keys: Sequence[str] = ()) -> Updates:
    """Return updates of (model, training slices), in memory; hospitals are h0, h1, ... or named by `keys`."""
    keys, samples = keys or [f"h{number}" for number in range(len(parts))], [samples for _, samples in parts]
    return Updates(keys, samples, lambda: iter([dict(model) for model, _ in parts]))
