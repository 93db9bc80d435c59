"""Site or disease: whether the model knows a class that one hospital alone holds, or only knows that hospital.

A model may take a short cut through the scanner instead of the brain (Zech et al., PLoS Medicine 2018; Geirhos et al.,
Nature Machine Intelligence 2020). Confusion matrices show part of it: at the hospital that holds the class, the site is
the same for every slice, so only the class can tell them apart there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.labels import CLASSES
from common.metrics.confusion import Confusion
from common.study.records import Study
from common.study.statistics import DIFFERENCE, SHARE, Estimate, estimate

LIMITS = (
    "These figures show whether the model tells the class from others at the one hospital that holds it. They cannot "
    "show whether it would know a slice of that class from another hospital: nobody else holds one."
)


@dataclass(frozen=True)
class Rate:
    """A share as counts, so that it adds up: `hits` of `total` slices."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        """The share as a fraction, None where there is no slice."""
        return self.hits / self.total if self.total else None


@dataclass(frozen=True)
class SiteRates:
    """How often the model says a class that one hospital alone holds, on three kinds of test slices.

    Attributes
    ----------
    recall : Rate
        Of the class's own slices, all at that hospital. "Is it from that hospital?" would give 1.
    own_others : Rate
        Of that hospital's other slices. "Is it from that hospital?" would give 1; knowing the class gives 0.
    elsewhere : Rate
        Of the other hospitals' slices, none of which is of the class. Both ways give 0.
    """

    recall: Rate
    own_others: Rate
    elsewhere: Rate

    @property
    def told_apart(self) -> float | None:
        """Recall minus the share of the hospital's other slices: 0 for who knows the site alone, 1 for the class."""
        return _minus(self.recall, self.own_others)

    @property
    def lean(self) -> float | None:
        """False calls at that hospital minus those elsewhere: above 0 if the site pulls towards the class."""
        return _minus(self.own_others, self.elsewhere)

    @property
    def accuracy(self) -> float | None:
        """Share of right answers to "is it this class?" over all these slices."""
        wrong = self.recall.total - self.recall.hits + self.own_others.hits + self.elsewhere.hits
        return 1 - wrong / self.slices if self.slices else None

    @property
    def site_accuracy(self) -> float | None:
        """The same of the answer "yes, if it is from that hospital"; high, although that knows nothing of the class."""
        return 1 - self.own_others.total / self.slices if self.slices else None

    @property
    def slices(self) -> int:
        """Test slices in all."""
        return self.recall.total + self.own_others.total + self.elsewhere.total


_SIGNED = ("told_apart", "lean")
FIGURES = ("recall", "own_others", "elsewhere", "told_apart", "lean", "accuracy", "site_accuracy")


def site_rates(tests: Mapping[str, Confusion], label: str, hospital: str) -> SiteRates | None:
    """Count, in the hospitals' test confusion matrices, how often a class is said.

    Parameters
    ----------
    tests : mapping of str to ndarray of int64, each ``[4, 4]``
        By hospital; rows are true classes.
    label : str
        The class that `hospital` alone holds.
    hospital : str
        The holder; None is returned if its test is missing.
    """
    if hospital not in tests:
        return None
    index, own = CLASSES.index(label), tests[hospital]
    recall = Rate(int(own[index, index]), int(own[index].sum()))
    others = [matrix for name, matrix in tests.items() if name != hospital]
    return SiteRates(
        recall=recall,
        own_others=Rate(int(own[:, index].sum()) - recall.hits, int(own.sum()) - recall.total),
        elsewhere=Rate(sum(int(m[:, index].sum()) for m in others), sum(int(m.sum()) for m in others)),
    )


def over_seeds(study: Study, strategy: str, label: str, hospital: str) -> dict[str, Estimate | None]:
    """Return each of `FIGURES` as its mean over a strategy's seeds, with interval."""
    found = [site_rates(result.tests, label, hospital) for result in study.seeds_of(strategy).values()]
    rates = [each for each in found if each is not None]
    return {
        name: estimate(_numbers([getattr(each, name) for each in rates]), DIFFERENCE if name in _SIGNED else SHARE)
        for name in FIGURES
    }


def _numbers(values: Sequence[Rate | float | None]) -> list[float]:
    plain = [value.value if isinstance(value, Rate) else value for value in values]
    return [value for value in plain if value is not None]


def _minus(first: Rate, second: Rate) -> float | None:
    if first.value is None or second.value is None:
        return None
    return first.value - second.value
