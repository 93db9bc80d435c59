"""Studies of folds and of hospitals left out, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from common.study.records import Cell, CellResult, External, Study
from tests.support.studies import HOSPITALS, A, done, matrix, study

FOLDS = 3


def folded(strategy: str, seed: int, rights: Sequence[int]) -> list[CellResult]:
    """One completed cell a fold; so many of a hundred right at every hospital."""
    return [
        replace(done(strategy, seed, right), cell=Cell(strategy, seed, fold=number), run_id=f"run-{number:03d}")
        for number, right in enumerate(rights, start=1)
    ]


def of_folds(beside: bool = False) -> Study:
    """Two strategies, two seeds, three folds: federated 80 of a hundred on average, pooled two more."""
    cells = [
        *folded("fedavg", 42, (70, 80, 90)),
        *folded("pooled", 42, (72, 81, 93)),
        *folded("fedavg", 43, (71, 79, 90)),
        *folded("pooled", 43, (72, 82, 92)),
    ]
    own = [done("fedavg", 42, 90), done("fedavg", 43, 90), done("pooled", 42, 91), done("pooled", 43, 91)]
    return study([*cells, *(own if beside else [])], folds=FOLDS, leave_one_out=False)


def without(strategy: str, seed: int, hospital: str, right: int, notumor: int = 0) -> CellResult:
    """A completed cell that left a hospital out and was tested there: a hundred gliomas, and some of no tumour."""
    confusion = matrix(right)
    confusion[3, 0] = notumor
    external = External(f"evaluation-{HOSPITALS.index(hospital) + 1:03d}", confusion, 2.0)
    return replace(done(strategy, seed, 85, hospital), external=external)


def of_left_out(rights: Mapping[str, Sequence[int]] | None = None, seeds: Sequence[int] = (42, 43)) -> Study:
    """Federated and pooled, without each hospital in turn; the first alone holds slices without a tumour."""
    at = rights or {"fedavg": (60, 70, 80), "pooled": (63, 72, 84)}
    cells = [done(strategy, seed, 90) for seed in seeds for strategy in at]
    cells += [
        without(strategy, seed, hospital, right, 7 if hospital == A else 0)
        for seed in seeds
        for strategy, found in at.items()
        for hospital, right in zip(HOSPITALS, found, strict=True)
    ]
    return study(cells, external=True, leave_one_out=False)
