"""A run's rounds: the figures that curves show, how far a running run has come, each round in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, pstdev

import pandas as pd

from common.artifacts.schema import HospitalRound, Round, Run
from common.artifacts.update_words import unusual_updates
from common.artifacts.values import moment
from common.text import counted
from dashboard.charts import formats


@dataclass(frozen=True)
class Measure:
    """A figure of each round, over all hospitals or at one."""

    key: str
    """As in the address."""
    title: str
    field: str
    """Attribute of `Round` and of `HospitalRound`."""
    percent: bool
    """Whether it is a fraction, shown in percent, of which more is better; a loss otherwise."""

    def of(self, record: Round | HospitalRound | None, hospital: str | None = None) -> float | None:
        """Return the figure of a round, or of one hospital's part of it; None if it was not recorded."""
        if isinstance(record, Round) and hospital is not None:
            record = record.hospitals.get(hospital)
        return getattr(record, self.field) if record is not None else None

    def write(self, value: float | None) -> str:
        """Write a value with its unit."""
        return formats.percent(value) if self.percent else formats.loss(value)

    def write_change(self, value: float | None) -> str:
        """Write a difference with its sign and unit."""
        return formats.points(value) if self.percent or value is None else f"{value:+.3f}"

    def shown(self, value: float | None) -> float | None:
        """Return the value as an axis shows it: a fraction in percent, a loss as it is."""
        return value * 100 if self.percent and value is not None else value

    @property
    def axis(self) -> str:
        """Title of the axis, with the unit."""
        return f"{self.title} (%)" if self.percent else self.title

    def best(self, rounds: Sequence[Round], hospital: str | None = None) -> tuple[float, int] | None:
        """Return the best value (not the last) and its round (the earliest of equals), None if none was recorded."""
        scored = [(value, round_.number) for round_ in rounds if (value := self.of(round_, hospital)) is not None]
        return max(scored, key=lambda pair: (pair[0] if self.percent else -pair[0], -pair[1]), default=None)


ACCURACY = Measure("accuracy", "Validation accuracy", "val_accuracy", percent=True)
LOSS = Measure("loss", "Validation loss", "val_loss", percent=False)
MACRO_F1 = Measure("macro_f1", "Validation macro F1", "val_macro_f1", percent=True)
MEASURES: dict[str, Measure] = {measure.key: measure for measure in (ACCURACY, LOSS, MACRO_F1)}
_TRAINING = (
    Measure("train_accuracy", "Accuracy while training", "train_accuracy", percent=True),
    Measure("train_loss", "Loss while training", "train_loss", percent=False),
)


def recorded(rounds: Sequence[Round]) -> tuple[Measure, Measure]:
    """Return the accuracy and the loss to show: of validation, or of training where every slice trains."""
    validated = any(each.val_accuracy is not None for each in rounds)
    trained = any(each.train_accuracy is not None for each in rounds)
    return _TRAINING if trained and not validated else (ACCURACY, LOSS)


@dataclass(frozen=True)
class Progress:
    """How far a run has come; what is not known is None."""

    done: int
    """Complete rounds."""
    total: int
    seconds_left: float | None
    """Until the last round, from the median of the last five."""
    expected_end: datetime | None


def progress(run: Run, now: datetime, *, goes_on: bool = True) -> Progress:
    """Work out a run's progress at a moment; one whose process has ended has no end to expect."""
    done = run.rounds[-1].number if run.rounds else 0
    total = max(run.status.rounds or done, done)
    recent = [round_.seconds for round_ in run.rounds[-5:] if round_.seconds is not None]
    typical = median(recent) if recent else None
    left = _seconds_left(run, typical, total - done, now) if run.state == "running" and goes_on else None
    return Progress(done, total, left, now + timedelta(seconds=left) if left is not None else None)


def in_words(round_: Round) -> str:
    """Tell one round in a line: "3 of 3 hospitals · 268.7 MB · 106 s · accuracy 88.0 %"."""
    parts = []
    if round_.asked:
        parts.append(f"{len(round_.replied)} of {len(round_.asked)} hospitals")
    if round_.stopped:
        parts.append(f"{counted(len(round_.stopped), 'hospital')} without privacy budget left")
    if round_.bytes_total is not None:
        parts.append(formats.size(round_.bytes_total))
    if round_.seconds is not None:
        parts.append(formats.duration(round_.seconds))
    while_training = " while training" if recorded([round_]) == _TRAINING else ""
    accuracy, loss = (measure.write(measure.of(round_)) for measure in recorded([round_]))
    parts += [f"accuracy{while_training} {accuracy}", f"loss {loss}"]
    return " · ".join(parts)


def failures_in_words(round_: Round) -> list[str]:
    """Tell who failed in a round, in which phase, and why, a sentence each."""
    verbs = {"train": "did not train", "evaluate": "did not evaluate"}
    return [f"{f.hospital} {verbs.get(f.phase, f'failed in {f.phase}')}: {f.reason}" for f in round_.failed]


def unusual_in_words(rounds: Sequence[Round], most: int = 5) -> list[str]:
    """Name the hospitals whose updates were unusual, the last round first, at most so many and then how many more."""
    found = [f"round {each.number}: {text}" for each in reversed(rounds) for text in unusual_updates(each)]
    more = [f"{len(found) - most} more are in the log."] if len(found) > most else []
    return found[:most] + more


def lowest_and_spread(round_: Round) -> tuple[str, str]:
    """Return the hospital with the lowest validation accuracy, and the standard deviation over hospitals, as texts.

    Dashes where fewer than two hospitals recorded a validation accuracy in that round.
    """
    known = [(part.val_accuracy, name) for name, part in round_.hospitals.items() if part.val_accuracy is not None]
    if len(known) < 2:
        return formats.MISSING, formats.MISSING
    accuracy, worst = min(known)
    samples = round_.hospitals[worst].val_samples
    of = f" of {samples:,}" if samples is not None else ""
    deviation = formats.points(pstdev(value for value, _ in known)).lstrip("+")
    return f"{worst}, {formats.percent(accuracy)}{of}", deviation


def _seconds_left(run: Run, typical: float | None, rounds_left: int, now: datetime) -> float | None:
    if typical is None:
        return None
    last = moment(run.rounds[-1].started_at) if run.rounds else None
    finished = last + timedelta(seconds=run.rounds[-1].seconds or 0.0) if last else None
    spent = min(typical, max(0.0, (now - finished).total_seconds())) if finished and rounds_left else 0.0
    return max(0.0, rounds_left * typical - spent)


def table(run: Run) -> pd.DataFrame:
    """Return every round as a row of texts, the last first."""
    return pd.DataFrame(
        {
            "Round": round_.number,
            "Train accuracy": formats.percent(round_.train_accuracy),
            "Train loss": formats.loss(round_.train_loss),
            "Val. accuracy": formats.percent(round_.val_accuracy),
            "Val. loss": formats.loss(round_.val_loss),
            "Val. macro F1": formats.percent(round_.val_macro_f1),
            **dict(zip(("Lowest hospital (val.)", "SD over hospitals"), lowest_and_spread(round_), strict=True)),
            "Replied": f"{len(round_.replied)} of {len(round_.asked)}" if round_.asked else formats.MISSING,
            "Down": formats.size(round_.bytes_down),
            "Up": formats.size(round_.bytes_up),
            "Seconds": formats.duration(round_.seconds),
        }
        for round_ in reversed(run.rounds)
    )
