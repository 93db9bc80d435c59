"""What a run does now, in words: whether its process lives, how long it has worked, what each hospital does."""

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Literal

from common.artifacts.live.elapsed import last_word, worked_seconds
from common.artifacts.live.record import Live, Part, load_live
from common.artifacts.load import last_sign_of_life
from common.artifacts.schema import Run
from common.artifacts.values import moment
from common.process import is_alive
from dashboard.charts import formats

SILENT_SECONDS = 60.0  # a process of today's writes every five seconds that it lives, from a thread of its own
SILENT_SECONDS_BEFORE = 180.0  # earlier versions wrote every ten seconds, and only while they waited for hospitals
_SLOW_TIMES, _SLOW_SECONDS = 2.0, 30.0

Kind = Literal["alive", "slow", "silent", "dead", "stopping"]


@dataclass(frozen=True)
class Now:
    """A run that calls itself running, at one moment; what is not known is None."""

    live: Live | None
    alive: bool | None
    """Whether its process lives; None on another machine, and for runs of earlier versions."""
    silent_for: float | None
    """Seconds since it last said that it lives."""
    round_seconds: float | None
    """Of the round under way, so far."""
    typical: float | None
    """Seconds of the median of the complete rounds."""
    worked: float | None
    """Seconds of work until now, over every process of the run."""

    @property
    def kind(self) -> Kind:
        """What is the matter, if anything is."""
        if self.alive is False:
            return "dead"
        silent = SILENT_SECONDS if self.live else SILENT_SECONDS_BEFORE
        if self.silent_for is not None and self.silent_for > silent:
            return "silent"
        if self.live and self.live.stopping:
            return "stopping"
        return "slow" if self._slow else "alive"

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be expected of the process."""
        return self.kind in ("dead", "silent")

    @property
    def _slow(self) -> bool:
        if self.round_seconds is None or self.typical is None:
            return False
        return self.round_seconds > max(_SLOW_TIMES * self.typical, self.typical + _SLOW_SECONDS)

    @property
    def sentence(self) -> str:
        """Say what is the matter, and what to do."""
        ago = span(self.silent_for)
        if self.kind == "dead":
            return f"The process has ended (killed?) {ago} ago. Resume it."
        if self.kind == "silent" and self.alive:
            return f"The process is there, but has said nothing for {ago}: suspended, or its disk is full."
        if self.kind == "silent":
            return f"No sign of life for {ago}. Whether its process still lives cannot be told from this machine."
        if self.kind == "stopping":
            return "Stopping after this step."
        said = "the process is alive" if self.alive else f"last sign of life {ago} ago"
        number = self.live.round if self.live else None
        if number is None or self.round_seconds is None:
            return f"{said[0].upper()}{said[1:]}."
        slow = " is slow" if self.kind == "slow" else ""
        usual = f", {span(self.typical)} at the median" if self.typical is not None else ""
        return f"Round {number}{slow}: {span(self.round_seconds)} so far{usual}; {said}."


@dataclass(frozen=True)
class Line:
    """One hospital in the present phase."""

    hospital: str
    said: str
    share: float
    """Of its task, from 0 to 1; 0 where it reports nothing."""
    state: str

    @property
    def short(self) -> str:
        """The beginning of what is said, for a place with little room."""
        return self.said.partition(";")[0].partition(":")[0]


def now_of(run: Run) -> Now:
    """Look at a run's folder and at its process."""
    live, sign = load_live(run.folder), last_sign_of_life(run.folder)
    alive = is_alive(live.process) if live else None
    return now_at(run, datetime.now(UTC), live, alive, datetime.fromtimestamp(sign, UTC) if sign else None)


def now_at(run: Run, now: datetime, live: Live | None, alive: bool | None, sign: datetime | None = None) -> Now:
    """Work out what a run does at a moment, from its files and what is known of its process."""
    heard = max((each for each in (last_word(run.status, live), sign) if each), default=None)
    seconds = [each.seconds for each in run.rounds if each.seconds is not None]
    since = moment(live.round_since) if live and live.round else None
    return Now(
        live,
        alive,
        max(0.0, (now - heard).total_seconds()) if heard else None,
        max(0.0, (now - since).total_seconds()) if since else None,
        median(seconds) if seconds else None,
        worked_seconds(run.status, run.rounds, heard if alive is False else now),
    )


def state_of(run: Run) -> str:
    """Return a run's state as a page shows it: one that calls itself running may have been killed."""
    return "ended" if run.state == "running" and now_of(run).kind == "dead" else run.state


def worked(run: Run) -> float | None:
    """Return how many seconds a run that has ended worked, over every process of it."""
    return worked_seconds(run.status, run.rounds, last_word(run.status, None))


def lines(live: Live, now: datetime) -> list[Line]:
    """Say of each hospital what it does, in configured order."""
    return [Line(name, _said(part, live, now), _share(part), part.state) for name, part in live.hospitals.items()]


def _said(part: Part, live: Live, now: datetime) -> str:
    since = moment(part.since)
    ago = span(max(0.0, (now - since).total_seconds())) if since else "–"
    if part.done is not None and part.total is not None:
        units = {"reading": "slices", "evaluating": "batches", "measuring likeness": "batches"}
        unit = units.get(part.task or "", "steps")
        return f"{part.task or 'working'} {part.done:,} of {part.total:,} {unit}"
    if part.state == "failed":
        return f"left out: {part.reason or 'no reason recorded'}"
    if part.state == "done":
        return _DONE.get(live.phase or "", "done")
    if part.state == "asked" and not live.reports:
        return f"asked {ago} ago; its own machine knows the step"
    return "waiting"


_DONE = {
    "describe": "has said what it holds",
    "train": "sent",
    "evaluate": "evaluated",
    "test": "tested",
    "cross-test": "tested",
    "fine-tune": "fine-tuned",
}


def _share(part: Part) -> float:
    if part.done is not None and part.total:
        return min(1.0, part.done / part.total)
    return 1.0 if part.state == "done" else 0.0


def span(seconds: float | None) -> str:
    """Write a time that goes on, in whole seconds below a minute."""
    return f"{seconds:.0f} s" if seconds is not None and seconds < 60 else formats.duration(seconds)
