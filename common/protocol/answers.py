"""What a hospital's numbers may be: each with its type and bounds, and what must fit together.

Everything that comes from a hospital is read here, in `common.protocol.description`, in `common.protocol.codec` or in
`common.overlap.fingerprints`, before anything else sees it: what these let through is finite and bounded, so that no
average, file, screen or model card can fail on it later.
"""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Struct

from common.config.dp import DpPlan
from common.labels import NUM_CLASSES
from common.metrics.calibration import GRID, NUM_BINS, Bin
from common.metrics.confusion import Confusion
from common.metrics.evaluation import EvaluateResult, Spent
from common.metrics.intervals import Replicates
from common.protocol.postprocess import UnusableAnswer
from common.text import plain

MOST_FILES = 1_000_000
"""At one hospital; a slice is a file."""
MOST_NATS = 1e9
"""Loss of one slice; from some thousands on a model has diverged."""

_CELLS = NUM_CLASSES * NUM_CLASSES
_MOST_DRAWS = 10_000
_FINITE = 1e300
_ROUNDING = 1e-6  # of sums of a few float64

Count = Annotated[int, Meta(ge=0, le=MOST_FILES)]
Number = Annotated[float, Meta(ge=-_FINITE, le=_FINITE)]
Seconds = Annotated[float, Meta(ge=0, le=1e8)]  # three years
Share = Annotated[float, Meta(ge=0, le=1)]
Sum = Annotated[int, Meta(ge=-(10**12), le=10**12)]  # of counts: such that no sum of sums leaves 64 bits

Multiplier = Annotated[float, Meta(gt=0, le=1e6)]
Cost = Annotated[float, Meta(ge=0, le=1e12)]

Kind = TypeVar("Kind", bound=Struct)


class TrainingNumbers(Struct, frozen=True, rename="kebab"):
    """The figures beside an update; what is wrong with loss and accuracy is said in words of its own."""

    num_examples: Annotated[int, Meta(ge=0, le=10**12)]
    steps: Annotated[int, Meta(ge=0, le=10**9)]
    lr: Share
    seconds: Seconds
    loss: float | None = None
    accuracy: float | None = None


class SpentNumbers(Struct, frozen=True, rename="kebab"):
    """What a training with differential privacy has cost."""

    noise_multiplier: Multiplier
    epsilon: Cost
    epsilon_one_colluding: Cost
    epsilon_all_but_one: Cost


class EvaluationNumbers(Struct, frozen=True, rename="kebab"):
    """The counts and sums of an evaluation."""

    num_examples: Sum
    loss_sum: float
    confusion: Annotated[list[Sum], Meta(min_length=_CELLS, max_length=_CELLS)]
    bins: Annotated[list[Number], Meta(min_length=3 * NUM_BINS, max_length=3 * NUM_BINS)]
    seconds: Seconds
    nll: Annotated[list[float], Meta(min_length=len(GRID), max_length=len(GRID))]
    calibrated_bins: Annotated[list[Number], Meta(min_length=3 * NUM_BINS, max_length=3 * NUM_BINS)]
    replicates: Annotated[list[Sum], Meta(max_length=_MOST_DRAWS * _CELLS)]
    groups: Sum


class Refusal(Struct, frozen=True, rename="kebab"):
    """A refusal, in a text that can be shown."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{1,20}[0-9]{1,4}\Z")]
    sentence: Annotated[str, Meta(min_length=1)]
    exit_code: Annotated[int, Meta(ge=0, le=255)] = 1


class Who(Struct, frozen=True):
    """Which hospital answers, on which files; compared with what is known, and not shown as it stands."""

    hospital: Annotated[str, Meta(max_length=1_000)] = ""
    files: Annotated[str, Meta(max_length=1_000)] = msgspec.field(default="", name="files-sha256")


def typed(kind: type[Kind], record: Any, problem: str) -> Kind:
    """Read a record as `kind`; raises `UnusableAnswer` with `problem` for anything else."""
    try:
        return msgspec.convert(record, kind)
    except Exception:  # whatever a value that comes from anybody makes the reading of it raise
        raise UnusableAnswer(problem) from None


def read_refusal(record: Any) -> Refusal:
    """Read a refusal; raises `UnusableAnswer` if it gives no reason that can be shown."""
    said = typed(Refusal, record, "it refused, and its reason cannot be read")
    return Refusal(said.code, plain(said.sentence, 1_000), said.exit_code)


def read_spent(record: Any, dp: DpPlan) -> Spent:
    """Read what a training has cost.

    Raises
    ------
    UnusableAnswer
        If a number is missing or cannot be, or is more than the plan's budget.
    """
    found = typed(SpentNumbers, record, "it does not say what this training has cost its patients")
    spent = Spent(**msgspec.structs.asdict(found))
    if not spent.epsilon <= spent.epsilon_one_colluding <= spent.epsilon_all_but_one:
        raise UnusableAnswer("it says that hospitals which help the centre see less than the centre alone")
    if spent.epsilon > dp.epsilon:
        said = f"{spent.epsilon:.4g}"
        raise UnusableAnswer(f"it says that it spent an epsilon of {said}, and the plan's budget is {dp.epsilon:g}")
    return spent


def evaluation_problem(result: EvaluateResult, held: Sequence[int] | None) -> str | None:
    """Say what of an evaluation cannot be, or return None.

    Parameters
    ----------
    held : sequence of int or None
        Slices of each class that the hospital described for this split; None takes the evaluation's own word.
    """
    confusion, total = result.confusion, result.samples
    if confusion.sum() != total or (confusion < 0).any():
        return "its counts do not add up to its slices"
    if held is not None and confusion.sum(axis=1).tolist() != list(held):
        described = f"{sum(held):,}" if sum(held) != total else "those, of other classes"
        return f"it says that it evaluated {total:,} slices, but it described {described}"
    if not (_fit(result.bins, confusion) and _fit(result.calibrated_bins, confusion)):
        return "its counts by confidence do not fit its counts by class"
    if not _are_losses(np.append(result.nll, result.loss_sum), total):
        return "its loss is not a finite number from 0"
    if not 0 <= result.groups <= total or not _drawn_from(result.replicates, confusion, result.groups):
        return "the draws of its bootstrap do not fit its counts"
    return None


def _fit(bins: Sequence[Bin], confusion: Confusion) -> bool:
    """Tell whether bins hold the cases and the right ones of the confusion matrix, each at a confidence of its bin."""
    counts = sum(part.count for part in bins), sum(part.correct for part in bins)
    sound = all(
        part.correct <= part.count
        and part.lower * part.count - _ROUNDING * (part.count + 1) <= part.confidence_sum
        and part.confidence_sum <= part.upper * part.count + _ROUNDING * (part.count + 1)
        for part in bins
    )
    return sound and len(bins) == NUM_BINS and counts == (int(confusion.sum()), int(np.trace(confusion)))


def _are_losses(sums: np.ndarray, total: int) -> bool:
    """Tell whether each is a sum of so many losses."""
    return bool((np.isfinite(sums) & (sums >= 0) & (sums <= MOST_NATS * total)).all())


def _drawn_from(replicates: Replicates, confusion: Confusion, groups: int) -> bool:
    """Tell whether draws can come from these counts.

    No draw holds more of a cell than its groups can, and over all draws a cell's mean is its count, but for chance: six
    standard errors are left to it. A cell's standard deviation is never above its count, so draws that scatter more
    gain nothing.
    """
    if not len(replicates):
        return True
    if (replicates < 0).any() or (replicates > max(groups, 1) * confusion).any():
        return False
    leeway = 6 * np.minimum(replicates.std(axis=0), confusion) / np.sqrt(len(replicates))
    return bool((abs(replicates.mean(axis=0) - confusion) <= leeway + 1e-9).all())
