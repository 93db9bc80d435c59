"""How far a reader and the model agree on the slices that the reader labelled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.artifacts.words import share_text
from common.labels import CLASSES
from common.metrics.confusion import Confusion, count_confusion
from common.metrics.intervals import Interval, wilson
from common.text import counted

INDEPENDENT = "The interval counts each slice as a case of its own; slices of one patient are not, so it is too narrow."


@dataclass(frozen=True)
class Agreement:
    """Of the slices that were labelled."""

    confusion: Confusion
    """Reader's class (rows) against the model's, where it named one."""
    unnamed: tuple[int, ...]
    """Labelled slices for which the model named none, by the reader's class."""
    kappa: float | None
    """Cohen's; None where it is not defined (nothing to compare, or one class alone)."""

    @property
    def named(self) -> int:
        """Labelled slices for which the model named a class."""
        return int(self.confusion.sum())

    @property
    def agreed(self) -> int:
        """Those where both say the same."""
        return int(np.trace(self.confusion))

    @property
    def labelled(self) -> int:
        """All that the reader labelled."""
        return self.named + sum(self.unnamed)

    @property
    def interval(self) -> Interval | None:
        """Wilson's 95 % interval of the share agreed, each slice counted as a case of its own."""
        return wilson(self.agreed, self.named)


def agreement(pairs: Sequence[tuple[str, str | None]]) -> Agreement:
    """Compare the reader's class with the model's (None: it named none), slice by slice."""
    both = [(CLASSES.index(reader), CLASSES.index(model)) for reader, model in pairs if model is not None]
    unnamed = tuple(sum(reader == name and model is None for reader, model in pairs) for name in CLASSES)
    confusion = count_confusion([reader for reader, _ in both], [model for _, model in both])
    return Agreement(confusion, unnamed, _kappa(both))


def sentences(found: Agreement) -> str:
    """Say how many were labelled, on how many both agree, and how sure that is."""
    told = f"You labelled {counted(found.labelled, 'slice')}"
    if not found.named:
        return f"{told}; the model named a class for none of them."
    share = share_text(found.agreed / found.named, found.interval)
    kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f}"
    rest = f" It named no class for {found.labelled - found.named}." if found.labelled > found.named else ""
    return (
        f"{told}. Where the model named a class, you agree on {found.agreed} of {found.named}: {share} %. "
        f"Cohen's kappa: {kappa}.{rest}"
    )


def _kappa(both: Sequence[tuple[int, int]]) -> float | None:
    if len({label for pair in both for label in pair}) < 2:
        return None
    from sklearn.metrics import cohen_kappa_score  # a second, which a page without labels does without

    return float(cohen_kappa_score([reader for reader, _ in both], [model for _, model in both]))
