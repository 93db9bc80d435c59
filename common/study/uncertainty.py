"""How sure: what the seeds changed, what an interval means, and everything that should make a reader hesitate."""

from collections.abc import Iterator, Sequence

from common.labels import CLASSES, SYNTHETIC
from common.metrics.confusion import FEW_CASES
from common.study.headline import meaning, rests_on
from common.study.records import COMPLETED, LOCAL, POOLED, CellResult, Study
from common.study.statistics import Estimate, confusion_at, seeds

ONE_SEED = (
    "One seed cannot tell: another split and other first weights may turn the answer round. Run at least three, "
    "for example study.seeds=[42,43,44]."
)
NO_BASELINE = "The study ran without strategy=local and strategy=pooled: nothing to compare it with."
WHAT_A_SEED_CHANGES = (
    "A seed changes each hospital's split into training, validation and test slices, the first weights, the order of "
    "the slices and their augmentation; strategies are compared seed by seed on the same split."
)
WHAT_AN_INTERVAL_MEANS = (
    "Intervals are 95 % (Student's t over seeds). They speak of these hospitals' slices split another way, not of "
    "other hospitals or of patients to come."
)


def how_sure(study: Study, together: Sequence[Estimate | None], alone: Sequence[Estimate | None]) -> list[str]:
    """Return sentences, the headline first.

    Parameters
    ----------
    study : Study
    together, alone : sequence of Estimate or None
        The federated strategy against each baseline, paired, as fractions: over all hospitals, and at each of them.
    """
    headline = _headline(together, alone) if {LOCAL, POOLED} & set(study.strategies) else NO_BASELINE
    made = (rests_on(study, "folds"), meaning(study, "folds")) if study.folds else (WHAT_AN_INTERVAL_MEANS,)
    return [headline, WHAT_A_SEED_CHANGES, *made, *_doubts(study)]


def _headline(together: Sequence[Estimate | None], alone: Sequence[Estimate | None]) -> str:
    known = [each for each in together if each is not None]
    if not known:
        return "Nothing can be said yet: no seed has both runs of a comparison complete."
    if any(each.interval is None for each in known):
        return ONE_SEED
    return (
        f"With {seeds(min(each.n for each in known))}, a difference of less than {100 * _widest(together):.1f} points "
        f"over all hospitals, or of {100 * _widest(alone):.1f} at one of them, cannot be told from chance here."
    )


def _widest(found: Sequence[Estimate | None]) -> float:
    """Return half the widest interval."""
    intervals = [each.interval for each in found if each is not None and each.interval is not None]
    return max((high - low) / 2 for low, high in intervals) if intervals else 0.0


def _doubts(study: Study) -> Iterator[str]:
    if study.synthetic:
        yield SYNTHETIC
    yield _steps(study)
    yield from (f"Not like for like: {each}." for each in study.unlike)
    if study.unfinished:
        yield missing(study)
    for result in study.cells:
        if result.completed and result.missed:
            yield f"{title(result)} ({result.run_id}): {', '.join(result.missed)} missed a round."
    if few := _few(study):
        yield f"Fewer than {FEW_CASES} test slices in a split, so that these recalls say little: {', '.join(few)}."
    yield (
        "Of twenty comparisons of equals, about one leaves out zero by chance; the table holds many, the three "
        "questions few."
    )


def missing(study: Study) -> str:
    """Say in one sentence which cells have no figures."""
    lost = study.unfinished
    names = [f"{title(result)} ({result.reason or result.state})" for result in lost]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{len(lost)} of {len(study.planned)} runs are not there: {'; '.join(names[:4])}{more}."


def title(result: CellResult) -> str:
    """Name a cell: "fedavg, seed 42, without Phantom Jaipur"."""
    cell = result.cell
    fold = f", fold {cell.fold}" if cell.fold is not None else ""
    return f"{cell.strategy}, seed {cell.seed}{fold}" + (f", without {cell.without}" if cell.without else "")


def steps_by_strategy(study: Study) -> dict[str, dict[int, int]]:
    """Return gradient steps by strategy and seed, over rounds and hospitals, where they are recorded."""
    return {
        name: {seed: result.steps for seed, result in study.seeds_of(name).items() if result.steps is not None}
        for name in study.strategies
    }


def _steps(study: Study) -> str:
    known = {name: found for name, found in steps_by_strategy(study).items() if found}
    if len(known) < 2:
        return "Whether the strategies took equally many gradient steps is not known yet."
    shared = set.intersection(*(set(found) for found in known.values()))
    if not shared:
        return "No seed has every strategy complete, so gradient steps cannot be compared."
    if all(len({found[seed] for found in known.values()}) == 1 for seed in shared):
        return "All strategies took equally many gradient steps with each seed, summed over the hospitals."
    each = ", ".join(f"{name} {sum(found[s] for s in shared) / len(shared):,.0f}" for name, found in known.items())
    return (
        f"The strategies did NOT take equally many gradient steps (mean over seeds: {each}), so part of a difference "
        "may be training time."
    )


def _few(study: Study) -> list[str]:
    """Name class and hospital where a split left few test slices; a class without any is no recall at all."""
    found = []
    for hospital in study.hospitals:
        for index, label in enumerate(CLASSES):
            cases = [
                int(matrix[index].sum())
                for result in study.cells
                if result.state == COMPLETED and (matrix := confusion_at(result, (hospital,))) is not None
            ]
            if cases and 0 < min(cases) < FEW_CASES:
                found.append(f"{label} at {hospital}")
    return found
