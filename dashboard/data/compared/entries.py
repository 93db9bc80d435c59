"""What is one line: a run, or several completed ones that differ in their seed alone."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.artifacts.schema import Run
from common.config.overrides import NO_FIGURE, flat
from common.study.statistics import SHARE, Estimate, estimate
from dashboard.data import facts

_KEYS = 4  # of runs that a table names
Settings = Mapping[str, object]
"""Nested, as a run recorded them."""


@dataclass(frozen=True)
class Entry:
    """One line of the chart, one row of the table."""

    key: str
    """Of its first run."""
    name: str
    """As legend and sentences call it, without a seed where there are several."""
    runs: Mapping[str, Run]
    """By key; more than one where they differ in their seed alone."""
    seeds: Mapping[str, int]
    """Of each run that recorded one, by key."""

    @property
    def repeated(self) -> bool:
        """Whether it stands for several seeds."""
        return len(self.runs) > 1

    @property
    def title(self) -> str:
        """The name, and how many seeds it stands for."""
        return f"{self.name} · {len(self.runs)} seeds" if self.repeated else self.name

    @property
    def unseeded(self) -> str:
        """The name without its seed."""
        return without_seed(self.name, next(iter(self.seeds.values()), None))

    @property
    def listed(self) -> str:
        """The keys of its runs and its title: ``"run-001, run-002 · FedAvg · 2 seeds"``."""
        keys = [*self.runs]
        told = ", ".join(keys if len(keys) <= _KEYS else [*keys[: _KEYS - 1], "…", keys[-1]])
        return told if self.title == told else f"{told} · {self.title}"

    @property
    def first(self) -> Run:
        """Its first run."""
        return next(iter(self.runs.values()))

    def over_seeds(self, value: Callable[[Run], float | None]) -> list[float]:
        """Return a figure of each run; nothing unless all have it, since a mean of fewer would be another one."""
        found = [value(run) for run in self.runs.values()]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else []


@dataclass(frozen=True)
class Standing:
    """How an entry did in its test."""

    entry: Entry
    accuracy: float
    """Of several seeds, the mean."""
    interval: tuple[float, float] | None
    """95 %, of one run alone."""
    extremes: tuple[float, float] | None
    """The lowest and the highest of several seeds."""
    spread: float | None
    """Standard deviation over seeds."""
    cases: int | None
    """Test slices, of one run alone."""


def test_of(run: Run, place: str | None) -> facts.TestFigures | None:
    """Return a run's test of its own model over all hospitals, or at one; None if there was none."""
    if run.measured_with:
        return None
    return facts.overall_test(run) if place is None else facts.hospital_tests(run).get(place)


def accuracy(run: Run, place: str | None) -> float | None:
    """Return a run's test accuracy over all hospitals, or at one."""
    found = test_of(run, place)
    return found.accuracy if found else None


def standing(entry: Entry, place: str | None) -> Standing | None:
    """Return how an entry did in its test over all hospitals or at one; None if a run of it has not been tested."""
    values = entry.over_seeds(lambda run: accuracy(run, place))
    found: Estimate | None = estimate(values, SHARE)
    if found is None:
        return None
    if entry.repeated:
        return Standing(entry, found.mean, None, (min(values), max(values)), found.spread, None)
    test = test_of(entry.first, place)
    ends, cases = (test.interval, test.n_test) if test else (None, None)
    return Standing(entry, found.mean, ends, None, None, cases)


def entries(
    runs: Mapping[str, Run], settings: Mapping[str, Settings], names: Mapping[str, str], *, together: bool
) -> list[Entry]:
    """Return runs as lines, in their order.

    Parameters
    ----------
    names : mapping
        What each run is called where it stands for its seeds, by key.
    together : bool
        Whether runs that differ in their seed alone become one line.
    """
    found: dict[object, dict[str, Run]] = defaultdict(dict)
    seeds = {key: seed for key in runs if (seed := _seed(settings.get(key, {}))) is not None}
    taken: set[tuple[object, int]] = set()
    for key, run in runs.items():
        same = _same_but_seed(run, settings.get(key, {})) if together and key in seeds else None
        if same is None or (same, seeds[key]) in taken:  # the same seed again is no other seed
            found[key] = {key: run}
        else:
            taken.add((same, seeds[key]))
            found[same][key] = run
    return _named([(body, {key: seeds[key] for key in body if key in seeds}) for body in found.values()], names)


def _named(found: list[tuple[dict[str, Run], dict[str, int]]], names: Mapping[str, str]) -> list[Entry]:
    called = {}
    for body, seeds in found:
        key = next(iter(body))
        name = names.get(key) or key
        called[key] = without_seed(name, seeds[key]) if len(body) > 1 else name
    often = Counter((name, len(body) > 1) for name, (body, _) in zip(called.values(), found, strict=True))
    made = []
    for (key, name), (body, seeds) in zip(called.items(), found, strict=True):
        made.append(Entry(key, name if often[name, len(body) > 1] == 1 else f"{name} ({key})", body, seeds))
    return made


def without_seed(name: str, seed: int | None) -> str:
    """Return a run's name as all of its seeds share it."""
    return name.removesuffix(f" · seed {seed}")


def _seed(settings: Settings) -> int | None:
    seed = settings.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


def _same_but_seed(run: Run, settings: Settings) -> tuple[object, ...] | None:
    """Return what runs of the same settings and slices have in common; None for a run that did not complete."""
    if run.state != "completed":
        return None
    told = sorted((name, str(value)) for name, value in flat(settings).items() if name not in ("seed", *NO_FIGURE))
    held = sorted((name, body.total, *sorted(body.class_counts.items())) for name, body in run.hospitals.items())
    return (*told, *held)
