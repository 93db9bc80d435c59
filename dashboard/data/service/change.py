"""What changes if one run's model takes the place of another's: figures beside each other, and how sure that is.

An evaluation with ``compare=`` has both models on the same slices, paired. Two tests on the same slices can be compared
as if they were not the same (Newcombe). Tests on other slices cannot be compared at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from common.artifacts import schema
from common.artifacts.external.comparison import Compared, compared_rows, reference_of
from common.artifacts.external.load import Evaluation
from common.artifacts.values import count, mapping, number, text
from common.labels import CLASSES
from common.metrics.intervals import Interval
from common.text import listed
from dashboard.charts import formats, theme
from dashboard.data import results
from dashboard.data.compared.differences import between

PAIRED, UNPAIRED, OTHER, FINAL = "paired", "unpaired", "other slices", "final model"
NOT_COMPARED = "cannot be compared: other test slices"
NOT_TESTED = "cannot be compared: a final model"


@dataclass(frozen=True)
class Row:
    """One figure of both models, written."""

    name: str
    served: str
    candidate: str
    change: str


@dataclass(frozen=True)
class Change:
    """What changes with a candidate."""

    candidate: str
    """Its run."""
    rows: tuple[Row, ...]
    kind: str
    """`PAIRED`, `UNPAIRED`, `OTHER` or `FINAL`."""
    how: str
    """What the differences rest on, a sentence."""
    difference: float | None
    """In test accuracy, candidate minus the one in service, a fraction; None where they cannot be compared."""
    interval: Interval | None
    cases: int | None
    """Slices that the difference rests on."""

    @property
    def decided(self) -> bool:
        """Whether the difference's interval leaves out zero."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def compare(
    candidate: schema.Run, served: schema.Run, evaluations: Iterable[Evaluation], *, same_slices: bool
) -> Change:
    """Compare two completed runs.

    Parameters
    ----------
    served : Run
        Whose model is in service.
    evaluations : iterable of Evaluation
        The newest first; one that compared these two models is used.
    same_slices : bool
        Whether the two tested on the same slices at the same hospitals.
    """
    compared, source = _paired(candidate, served, evaluations)
    one, other = results.overall_result(candidate), results.overall_result(served)
    if compared:
        rows, kind = [_paired_row(each) for each in compared], PAIRED
        first = compared[0]
        how = f"Paired: both models on the same {first.cases:,} slices, {source}; 95 % intervals, patients as clusters."
        figures: tuple[float | None, Interval | None, int | None] = (first.difference, first.interval, first.cases)
    else:
        final = _final(candidate, served)
        kind = FINAL if final else UNPAIRED if same_slices else OTHER
        rows = [_figure(*row, kind) for row in _figures(one, other)]
        how = final or _HOW[kind]
        apart, ends = between(one.accuracy, other.accuracy) if kind == UNPAIRED and one and other else (None, None)
        figures = (apart, ends, one.n_test if one else None)
    rows += [_calibration(candidate, served), *_settings(candidate, served)]
    return Change(candidate.run_id, tuple(rows), kind, how, *figures)


_HOW = {
    UNPAIRED: "Unpaired: both were tested on the same slices, but which of them each named right was not recorded, so "
    "the 95 % intervals are rather too wide than too narrow.",
    OTHER: "The two were tested on other slices, so their figures say nothing of which is better.",
}


def _final(candidate: schema.Run, served: schema.Run) -> str | None:
    """Say why no test can compare the two, where one of them is a final model; None where neither is."""
    told = [f"{run.run_id} has the figures of {run.measured_with}" for run in (candidate, served) if run.measured_with]
    if not told:
        return None
    return f"{listed(told)}: trained on every slice, it cannot be tested on any of them, only at another hospital."


def same_test(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two runs tested on the same slices of the same hospitals, by what `tested_slices` says of both."""
    return bool(one) and one == other


def likely_alike(candidate: schema.Run, served: schema.Run) -> bool:
    """Whether two runs may have tested on the same slices, before their splits, which are large, are read."""
    keys = ("seed", "test_samples")
    return all(candidate.meta.get(key) == served.meta.get(key) is not None for key in keys)


def evaluated(candidate: schema.Run, served: schema.Run, evaluations: Iterable[Evaluation]) -> bool:
    """Whether an evaluation compared these two models."""
    return bool(_paired(candidate, served, evaluations)[0])


def sentence(change: Change) -> str:
    """Say in a sentence whether a candidate is better."""
    if change.kind == FINAL:
        return change.how
    if change.difference is None or change.cases is None:
        return f"{change.candidate} was tested on other slices, so nobody can say which is better."
    slices = f"{change.cases:,} slices"
    if abs(change.difference) < 0.0005:
        return f"{change.candidate} is as good on the same {slices}."
    size, way = f"{abs(change.difference) * 100:.1f}", "better" if change.difference > 0 else "worse"
    told = f"{change.candidate} is {size} points {way} on the same {slices}"
    return f"{told}." if change.decided else f"{told}, which {slices} cannot show."


def _paired(
    candidate: schema.Run, served: schema.Run, evaluations: Iterable[Evaluation]
) -> tuple[list[Compared], str | None]:
    """Return the rows of slices of the newest evaluation that compared the two, the candidate first."""
    for evaluation in evaluations:
        meta, other = evaluation.meta, mapping(evaluation.meta.get("comparison"))
        runs = (text(meta.get("of")), reference_of(meta))
        hashes = (text(meta.get("model_sha256")), text(other.get("model_sha256")))
        for pair, turn in (((candidate, served), False), ((served, candidate), True)):
            same = runs == tuple(run.run_id for run in pair) and hashes == tuple(run.meta.get("sha256") for run in pair)
            rows = [row for row in compared_rows(meta) if row.of == "slices" and row.cases]
            if same and rows and not rows[0].name:
                return [_turned(row) if turn else row for row in rows], evaluation.evaluation_id
    return [], None


def _turned(row: Compared) -> Compared:
    low, high = row.interval
    return replace(
        row,
        accuracy=row.reference_accuracy,
        reference_accuracy=row.accuracy,
        difference=-row.difference,
        interval=(-high, -low),
    )


def _paired_row(row: Compared) -> Row:
    name = f"Recall, {theme.class_title(row.name)}" if row.name else "Accuracy"
    change = _written(row.difference, row.interval)
    return Row(name, formats.percent(row.reference_accuracy), formats.percent(row.accuracy), change)


def _figures(
    one: results.Result | None, other: results.Result | None
) -> list[tuple[str, formats.Share, formats.Share]]:
    """Return name, the share in service and the candidate's."""
    none = formats.Share()
    found = [("Test accuracy", other.accuracy if other else none, one.accuracy if one else none)]
    for position, label in enumerate(CLASSES):
        shares = [result.classes[position].recall if result else none for result in (other, one)]
        found.append((f"Recall, {theme.class_title(label)}", shares[0], shares[1]))
    return found


def _figure(name: str, served: formats.Share, candidate: formats.Share, kind: str) -> Row:
    if kind in (OTHER, FINAL):
        why = NOT_TESTED if kind == FINAL else NOT_COMPARED
        return Row(name, formats.share(served), formats.share(candidate), why)
    return Row(name, formats.share(served), formats.share(candidate), _written(*between(candidate, served)))


def _written(difference: float | None, ends: Interval | None) -> str:
    if difference is None:
        return formats.MISSING
    if ends is None:
        return formats.points(difference)
    open_ = "" if not ends[0] <= 0 <= ends[1] else ", not distinguishable"
    return f"{formats.points(difference)} ({ends[0] * 100:+.1f} to {ends[1] * 100:+.1f}){open_}"


def _calibration(candidate: schema.Run, served: schema.Run) -> Row:
    """Return how far stated confidence is from the share correct, as it is answered: with the temperature if any."""
    one, other = (_error(run) for run in (candidate, served))
    apart = "" if one is None or other is None else f"{(one - other) * 100:+.1f} points"
    return Row("Calibration error", _points(other), _points(one), apart or formats.MISSING)


def _error(run: schema.Run) -> float | None:
    found = mapping(run.metrics.get("calibration"))
    heated = number(found.get("calibrated_ece")) if results.temperature(run) else None
    return heated if heated is not None else number(found.get("ece"))


def _points(value: float | None) -> str:
    return formats.MISSING if value is None else f"{value * 100:.1f} points"


def _settings(candidate: schema.Run, served: schema.Run) -> list[Row]:
    """Return what is no figure of a test: what differs is said, what is alike is "the same"."""
    texts = {
        "Weights' file": [formats.size(_bytes(run)) for run in (served, candidate)],
        "Sent in training": [formats.size(_traffic(run.rounds)) for run in (served, candidate)],
        "Image size": [f"{formats.whole(count(run.meta.get('image_size')))} px" for run in (served, candidate)],
        "Hospitals": [listed(run.hospital_names) or formats.MISSING for run in (served, candidate)],
        "Slices": ["SYNTHETIC" if run.synthetic else "hospitals'" for run in (served, candidate)],
    }
    return [Row(name, one, other, "the same" if one == other else "differs") for name, (one, other) in texts.items()]


def _bytes(run: schema.Run) -> int | None:
    try:
        return (run.folder / "global_model.pth").stat().st_size
    except OSError:
        return None


def _traffic(rounds: Sequence[schema.Round]) -> int | None:
    known = [each.bytes_total for each in rounds]
    return sum(each or 0 for each in known) if known and None not in known else None
