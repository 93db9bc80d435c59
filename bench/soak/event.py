"""What an event is, and what it finds on the stage."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.soak.schedule import Step
from bench.soak.stage import Stage
from tests.deployment.harness import NAMES, Process, wait_for


class TooLateError(Exception):
    """The run was over before the event's turn came."""


@dataclass
class Scene:
    """One event at work: the stage, its draw, the run that it disturbs."""

    stage: Stage
    step: Step
    run: Process | None
    strategy: str
    excused: set[str] = field(default_factory=set)
    """Names of the hospitals that may be left out because of this."""
    spoils: bool = False
    """The weights may differ though nobody is left out."""
    undo: list[Callable[[], object]] = field(default_factory=list)
    """What is to be done when the run is over."""

    def __post_init__(self) -> None:
        self.luck = random.Random(self.step.luck)

    @property
    def running(self) -> Process:
        """The run's command, as it was started last."""
        assert self.run is not None
        return self.run

    @property
    def victim(self) -> str:
        """Key of the hospital that was drawn."""
        return self.step.victim

    def excuse(self, *keys: str) -> None:
        """Allow that these hospitals miss a part of the run."""
        self.excused |= {NAMES[key] for key in keys}

    def moment(self) -> None:
        """Wait for the drawn round and phase; raises `TooLateError` where the run is over by then."""
        self.wait(lambda: self._has_come(self.step.round), f"round {self.step.round} to be in {self.step.phase}", 900)
        time.sleep(self.step.delay)
        if not self.running.is_alive:
            raise TooLateError

    def _has_come(self, number: int) -> bool:
        if not self.running.is_alive:
            raise TooLateError
        status = self.stage.status()
        done = int(str(status.get("round") or 0))
        return done >= number or (done == number - 1 and status.get("phase") == self.step.phase)

    def wait(self, condition: Callable[[], object], what: str, patience: float = 900.0) -> None:
        """Wait until something is so; raises `AssertionError` in the end."""
        wait_for(condition, what, None, patience)

    def resume(self) -> None:
        """Go on with the run, as its last words said."""
        assert "resume=" in self.running.text, "the run's last words do not say how to go on"
        self.run = self.stage.resume()


@dataclass(frozen=True)
class Event:
    """One thing that may happen to a federation."""

    name: str
    expected: str
    act: Callable[[Scene], str]
    """Does it, waits for what must follow, undoes it, and says what happened; raises `AssertionError` otherwise."""
    starts: bool = False
    """It starts the run itself."""


EVENTS: dict[str, Event] = {}


def event(name: str, expected: str, starts: bool = False) -> Callable[[Callable[[Scene], str]], Callable[[Scene], str]]:
    """Enter a function in the list of events."""

    def enter(act: Callable[[Scene], str]) -> Callable[[Scene], str]:
        EVENTS[name] = Event(name, expected, act, starts)
        return act

    return enter
