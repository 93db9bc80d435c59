"""Who gains, who loses: each hospital's own model and the shared one, on that hospital's own test slices.

From a study the two are paired by seed; from two runs on the same test slices they are not, since a run does not record
which slices its model named right.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from common.artifacts import schema
from common.artifacts.values import mapping
from common.config.overrides import flat
from common.metrics.confusion import Confusion
from common.metrics.intervals import Interval, wilson
from common.study.answers import difference
from common.study.figures import over_seeds
from common.study.headline import rests_on
from common.study.records import LOCAL, POOLED, CellResult, Study
from common.study.statistics import ACCURACY, Estimate, seeds
from dashboard.charts import formats
from dashboard.data import results
from dashboard.data.compared.differences import between

GAINS, LOSES, OPEN, UNKNOWN = ("gains", "loses", "open", "unknown")
_KINDS = {"better": GAINS, "worse": LOSES, "unknown": UNKNOWN}
_Tested = tuple[formats.Share, int | None]  # accuracy, and how many slices it rests on
_NO_DIFFERENCE = (  # settings by which a federation differs from its baseline, and places
    *("strategy", "privacy", "wire", "output_dir", "resume", "in_service", "keep_updates", "compute", "compare"),
    *("cross_matrix", "fine_tune_rounds", "data.root", "data.cache_dir", "data.keep_cases"),
)


@dataclass(frozen=True)
class Gain:
    """One hospital: its own model's test accuracy, the shared model's, and how far they are apart, as fractions."""

    hospital: str
    own: formats.Share
    shared: formats.Share
    difference: float | None
    """Shared minus own; None where one of them is not known."""
    interval: Interval | None
    """95 % interval of the difference."""
    kind: str
    """`GAINS` or `LOSES` where the interval leaves out zero, `OPEN` where it does not; else `UNKNOWN`, so also where
    the two were not trained alike."""
    cases: int | None
    """Test slices of the hospital."""


@dataclass(frozen=True)
class Gains:
    """The hospitals, alphabetically, and what their figures rest on."""

    rows: tuple[Gain, ...]
    strategy: str
    """Of the shared model, as recorded."""
    source: str
    """Where the figures are from: ``"study-001, three seeds"``."""
    how: str
    """What the intervals are made of, a sentence."""
    paired: bool
    synthetic: bool
    unlike: tuple[str, ...] = ()
    """Clauses that say what else than the federation the two were trained with; empty where nothing differs."""

    def of(self, kind: str) -> list[str]:
        """Return the hospitals of one kind."""
        return [row.hospital for row in self.rows if row.kind == kind]


def of_study(study: Study, strategy: str | None = None) -> Gains | None:
    """Return what a study says; None where it ran without each hospital's own model, or without a shared one.

    Parameters
    ----------
    strategy : str, optional
        The shared model's; the study's first federated strategy by default.
    """
    shared = strategy or study.federated
    if shared is None or not {shared, LOCAL} <= set(study.strategies):
        return None
    both = set(study.seeds_of(shared)) & set(study.seeds_of(LOCAL))
    if not both:
        return None
    is_paired = len(both) > 1 or bool(study.folds)
    if not is_paired:
        (seed,) = both
        joint, own = (_tested(study.seeds_of(name)[seed]) for name in (shared, LOCAL))
        rows = [_unpaired(name, own.get(name), joint.get(name)) for name in sorted(study.hospitals)]
        how = f"{UNPAIRED} One seed: another may say something else."
    else:
        rows = [_paired(study, shared, name) for name in sorted(study.hospitals)]
        how = rests_on(study, "folds") if study.folds else OVER_SEEDS
    told = f"{study.study_id}, {seeds(len(both))}"
    unlike = tuple(each for each in study.unlike if each.startswith((f"{shared} ", f"{LOCAL} ")))
    return Gains(_claimed(rows, unlike), shared, told, how, is_paired, study.synthetic, unlike)


OVER_SEEDS = "95 % intervals over seeds (Student's t); the difference is paired, seed by seed, on the same test slices."
UNPAIRED = (
    "95 % intervals, the difference's by Newcombe's method. Not paired: which slices each model named right was not "
    "recorded, so the interval is rather too wide than too narrow."
)


def of_runs(shared: schema.Run, own: schema.Run, hospitals: Iterable[str]) -> Gains:
    """Compare a run with the run of each hospital's own model.

    Parameters
    ----------
    own : Run
        With ``strategy=local``.
    hospitals : iterable of str
        Those that tested both on the same slices; see `same_test_slices`.
    """
    joint, alone = (
        {name: (found.accuracy, found.n_test) for name, found in results.hospital_results(run).items()}
        for run in (shared, own)
    )
    rows = [_unpaired(name, alone.get(name), joint.get(name)) for name in sorted(hospitals)]
    settings = [mapping(run.meta.get("settings")) for run in (shared, own)]
    unlike = tuple(f"the own models trained with {each}" for each in _unlike(*settings))
    return Gains(
        _claimed(rows, unlike),
        shared.strategy or "",
        f"{shared.run_id} and {own.run_id}, one seed",
        UNPAIRED,
        False,
        shared.synthetic or own.synthetic,
        unlike,
    )


def same_test_slices(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the hospitals that test on the same slices in two runs, by what `tested_slices` says of both."""
    return [name for name, slices in one.items() if slices == other.get(name)]


def cell_of(study: Study, run_id: str) -> CellResult | None:
    """Return the completed cell of a study, with every hospital, that a run is; None where it is none."""
    return next(
        (each for each in study.cells if each.completed and each.run_id == run_id and each.cell.without is None), None
    )


def is_shared(strategy: str | None) -> bool:
    """Whether hospitals that train so share one model without sharing slices."""
    return strategy not in (LOCAL, POOLED)


def _paired(study: Study, shared: str, hospital: str) -> Gain:
    found = difference(study, shared, LOCAL, ACCURACY, hospital)
    own, joint = (_share(over_seeds(study, name, ACCURACY, (hospital,))) for name in (LOCAL, shared))
    cells = [each.tests[hospital] for each in study.seeds_of(shared).values() if hospital in each.tests]
    estimate = found.estimate
    return Gain(
        hospital,
        own,
        joint,
        estimate.mean if estimate else None,
        estimate.interval if estimate else None,
        _KINDS.get(found.verdict.kind, OPEN),
        int(cells[0].sum()) if cells else None,
    )


def _share(found: Estimate | None) -> formats.Share:
    return formats.Share(found.mean, found.interval) if found else formats.Share()


def _tested(cell: CellResult) -> dict[str, _Tested]:
    return {name: (_accuracy(found), int(found.sum())) for name, found in cell.tests.items()}


def _accuracy(confusion: Confusion) -> formats.Share:
    total = int(confusion.sum())
    right = int(np.trace(confusion))
    return formats.Share(right / total, wilson(right, total)) if total else formats.Share()


def _unpaired(hospital: str, own: _Tested | None, shared: _Tested | None) -> Gain:
    alone, joint = (found[0] if found else formats.Share() for found in (own, shared))
    cases = shared[1] if shared else None
    apart, ends = between(joint, alone)
    if apart is None:
        return Gain(hospital, alone, joint, None, None, UNKNOWN, cases)
    return Gain(hospital, alone, joint, apart, ends, _kind(apart, ends), cases)


def _kind(apart: float, ends: Interval | None) -> str:
    if ends is None or ends[0] <= 0 <= ends[1]:
        return OPEN
    return GAINS if apart > 0 else LOSES


def _claimed(rows: Sequence[Gain], unlike: Sequence[str]) -> tuple[Gain, ...]:
    """Return the rows; without a word on who gains where the models were not trained alike."""
    return tuple(replace(row, kind=UNKNOWN) if unlike else row for row in rows)


def _unlike(shared: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Name the settings that differ, but for those that must, and places."""
    one, other = flat(shared), flat(own)
    names = [name for name in one if name in other and one[name] != other[name]]
    kept = [name for name in names if not any(name == each or name.startswith(f"{each}.") for each in _NO_DIFFERENCE)]
    return [f"{name}={other[name]} (not {one[name]})" for name in kept]
