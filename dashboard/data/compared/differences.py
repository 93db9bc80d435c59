"""How far an entry is from the baseline, and whether that can be told from chance.

Several seeds: Student's interval of the differences seed by seed. The same cases, counted together by an evaluation:
the paired interval. Else the two tests as if they were independent, which claims too little where they share slices.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from common.artifacts.external.comparison import Compared, behind_slices, compared_rows, reference_of
from common.artifacts.external.load import Evaluation
from common.artifacts.schema import Run
from common.artifacts.values import mapping
from common.metrics.difference import interval_between
from common.metrics.intervals import Interval
from common.study.statistics import BETTER, DIFFERENCE, UNDECIDED, UNKNOWN, WORSE, estimate, verdict
from dashboard.charts.formats import Share
from dashboard.data import facts
from dashboard.data.compared.entries import Entry, accuracy, test_of

OVER_SEEDS = "seed by seed, by Student's t"
PAIRED = "paired, on the same slices"
SAME_SLICES = "the same test slices, as if they were independent: wider than need be"
OTHER_SLICES = "different test slices"
UNTOLD_SLICES = "whether the test slices are the same is not recorded"
OTHER_HOSPITALS = "they were tested at different hospitals"
NO_SEED = "they have no seed in common"
NO_INTERVAL = "this run recorded no counts to work an interval out from"
NOT_TESTED = "not tested"
VALIDATION = "no interval, since related slices are not accounted for"

_ANY = (-float("inf"), float("inf"))
_TURNED = {BETTER: WORSE, WORSE: BETTER}


@dataclass(frozen=True)
class Difference:
    """An entry less the baseline, in the unit of the values."""

    value: float | None = None
    interval: Interval | None = None
    kind: str = UNKNOWN
    """``better``, ``worse``, ``undecided``, ``small`` (less than the seeds differ) or ``unknown``."""
    how: str = NOT_TESTED
    """What the interval is made of, or why there is none."""
    seed: int | None = None
    """The only one that both have, where one of them stands for several; the difference is of its two runs."""
    behind: str = ""
    """Where it is paired, on how many patients it rests and how many it would take, from their number on."""

    @property
    def decided(self) -> bool:
        """Whether it is more than chance."""
        return self.kind in (BETTER, WORSE)

    def turned(self) -> "Difference":
        """Return the baseline less the entry."""
        ends = (-self.interval[1], -self.interval[0]) if self.interval else None
        value = None if self.value is None else -self.value
        return replace(self, value=value, interval=ends, kind=_TURNED.get(self.kind, self.kind))


@dataclass(frozen=True)
class Evidence:
    """What says whether two runs were tested on the same slices."""

    slices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By run, then by hospital: what tells its test slices from any others."""
    evaluations: tuple[Evaluation, ...] = ()


def tested_slices(splits: Mapping[str, Any]) -> dict[str, str]:
    """Return of each hospital, by ``dataset_splits.json``, what is the same for the same test slices alone."""
    found = {}
    for name, body in mapping(splits.get("hospitals")).items():
        files, indices = mapping(body).get("files_sha256"), mapping(body).get("test_idx")
        if isinstance(files, str) and isinstance(indices, list) and indices:
            found[str(name)] = hashlib.sha256(json.dumps([files, indices]).encode()).hexdigest()
    return found


def between(one: Share, other: Share) -> tuple[float | None, Interval | None]:
    """Return one accuracy less another and its 95 % interval as of two independent tests; None where not known."""
    if one.value is None or other.value is None:
        return None, None
    if one.interval is None or other.interval is None:
        return one.value - other.value, None
    return one.value - other.value, interval_between(one.value, one.interval, other.value, other.interval)


def over_seeds(
    entry: Entry, baseline: Entry, value: Callable[[Run], float | None], *, more_is_better: bool = True
) -> Difference | None:
    """Return the mean difference over the seeds that both have; None with fewer than two, which show no spread."""
    pairs = [(value(one), value(other)) for one, other in _by_seed(entry, baseline).values()]
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    if len(known) < 2:
        return None
    within = DIFFERENCE if more_is_better else _ANY  # a loss has no bounds
    found = estimate([one - other for one, other in known], within)
    spreads = [each.spread for side in zip(*known, strict=True) if (each := estimate(side))]
    kind = verdict(found, max((spread for spread in spreads if spread is not None), default=None)).kind
    assert found is not None  # there are two
    return Difference(found.mean, found.interval, kind if more_is_better else _TURNED.get(kind, kind), OVER_SEEDS)


def of_tests(entry: Entry, baseline: Entry, place: str | None, evidence: Evidence) -> Difference:
    """Return the difference of two entries' test accuracies over all hospitals, or at one."""
    common = _by_seed(entry, baseline)
    if not all(_same_hospitals(one, other, place) for one, other in common.values()):
        return Difference(how=OTHER_HOSPITALS)
    found = over_seeds(entry, baseline, lambda run: accuracy(run, place))
    if found is not None:
        return found
    if not entry.repeated and not baseline.repeated:
        return _of_two((entry.key, entry.first), (baseline.key, baseline.first), place, evidence)
    if len(common) != 1:
        return Difference(how=NO_SEED)
    seed = next(iter(common))
    one, other = (_run_of(each, seed) for each in (entry, baseline))
    return replace(_of_two(one, other, place, evidence), seed=seed)


def of_values(
    entry: Entry, baseline: Entry, value: Callable[[Run], float | None], *, more_is_better: bool
) -> Difference:
    """Return the difference of a figure of validation: over the seeds that both have, else of two runs.

    Of two runs without an interval: the recorded one of validation takes related slices for independent, and the best
    round was chosen by these very slices.
    """
    seeds = over_seeds(entry, baseline, value, more_is_better=more_is_better)
    if seeds is not None:
        return seeds
    one, other = value(entry.first), value(baseline.first)
    if one is None or other is None or entry.repeated or baseline.repeated:
        return Difference(how=NO_SEED if one is not None and other is not None else NOT_TESTED)
    return Difference(one - other, how=VALIDATION)


def kind_of(ends: Interval | None) -> str:
    """Return what an interval of a difference says, of which more is better."""
    if ends is None:
        return UNKNOWN
    return UNDECIDED if ends[0] <= 0 <= ends[1] else BETTER if ends[0] > 0 else WORSE


def _by_seed(entry: Entry, baseline: Entry) -> dict[int, tuple[Run, Run]]:
    """Return the two runs of each seed that both have."""
    others = {seed: baseline.runs[key] for key, seed in baseline.seeds.items()}
    return {seed: (entry.runs[key], others[seed]) for key, seed in entry.seeds.items() if seed in others}


def _run_of(entry: Entry, seed: int) -> tuple[str, Run]:
    return next((key, entry.runs[key]) for key, own in entry.seeds.items() if own == seed)


def _same_hospitals(one: Run, other: Run, place: str | None) -> bool:
    """Whether two tests are at the same hospitals; of one that was not made, nothing is said here."""
    if place is not None or test_of(one, None) is None or test_of(other, None) is None:
        return True
    return [*facts.hospital_tests(one)] == [*facts.hospital_tests(other)]


def _of_two(one: tuple[str, Run], other: tuple[str, Run], place: str | None, evidence: Evidence) -> Difference:
    (key, run), (base_key, base) = one, other
    test, base_test = test_of(run, place), test_of(base, place)
    if test is None or base_test is None:
        return Difference()
    if not _same_hospitals(run, base, place):
        return Difference(how=OTHER_HOSPITALS)
    value, found = between(test.share, base_test.share)
    if found_pair := _paired(run, base, test, base_test, place, evidence.evaluations):
        ends, behind = found_pair
        return Difference(value, ends, kind_of(ends), PAIRED, behind=behind)
    if found is None:
        return Difference(value, how=NO_INTERVAL)
    return Difference(value, found, kind_of(found), _slices(key, base_key, place, evidence.slices))


def _slices(key: str, base: str, place: str | None, slices: Mapping[str, Mapping[str, str]]) -> str:
    """Say whether two runs were tested on the same slices."""
    one, other = slices.get(key, {}), slices.get(base, {})
    if place is not None:
        one, other = ({name: tag for name, tag in each.items() if name == place} for each in (one, other))
    if not one or not other:
        return UNTOLD_SLICES
    return SAME_SLICES if one == other else OTHER_SLICES


def _paired(
    run: Run,
    base: Run,
    test: facts.TestFigures,
    base_test: facts.TestFigures,
    place: str | None,
    evaluations: tuple[Evaluation, ...],
) -> tuple[Interval, str] | None:
    """Return the paired interval of an evaluation that judged the very slices of both tests, and what it rests on."""
    if run.folder.parent != base.folder.parent:
        return None
    for evaluation in evaluations:
        names = evaluation.meta.get("of"), reference_of(evaluation.meta)
        if {*names} != {run.run_id, base.run_id}:
            continue
        counts = _counts(evaluation.meta, place)
        row = next(
            (each for each in compared_rows({"comparison": counts}) if each.of == "slices" and not each.name), None
        )
        turned = names[0] != run.run_id
        expected = (base_test, test) if turned else (test, base_test)
        if row and _is_of(row, *expected):
            low, high = row.interval
            behind = behind_slices(counts)
            return (-high, -low) if turned else (low, high), behind.words if behind else ""
    return None


def _counts(meta: Mapping[str, Any], place: str | None) -> Mapping[str, Any]:
    """Return an evaluation's comparison, over all hospitals or at one."""
    found = mapping(meta.get("comparison"))
    return found if place is None else mapping(mapping(found.get("per_hospital")).get(place))


def _is_of(row: Compared, test: facts.TestFigures, base: facts.TestFigures) -> bool:
    """Whether a comparison counted the cases of both tests: as many slices, and both models as often right."""
    return (
        row.cases == test.n_test == base.n_test
        and abs(row.accuracy - test.accuracy) < 1e-9
        and abs(row.reference_accuracy - base.accuracy) < 1e-9
    )
