"""A preflight check: what it looks at, and what it says, in a sentence that tells what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from clients.site import SiteFile
from common.config.settings import DataPlan, TrainPlan

State = Literal["ok", "warning", "failed", "skipped"]
Found = tuple[State, str]


@dataclass
class Situation:
    """What the checks look at, and what an earlier one leaves for a later one."""

    site: SiteFile
    insecure: bool  # the connection has no TLS and no key
    data: DataPlan  # what a run is going to ask for
    train: TrainPlan
    timeout_seconds: float  # a round's deadline
    is_reachable: bool = False
    is_encrypted: bool = False
    centre: dict[str, Any] = field(default_factory=dict)  # what the centre says of itself, once it was asked
    may_pass: list[str] = field(default_factory=list)  # codes of what failed now and may be so no longer in a minute
    train_slices: int | None = None  # None: the slices could not be read
    val_slices: int = 0


@dataclass(frozen=True)
class Outcome:
    """What one check found."""

    code: str  # stable, such as "PRE003"
    title: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Check:
    """A check, its stable code and its title in the table."""

    code: str
    title: str
    look: Callable[[Situation], Found]

    def run(self, situation: Situation) -> Outcome:
        """Look, and return what was found."""
        return Outcome(self.code, self.title, *self.look(situation))


def check(code: str, title: str) -> Callable[[Callable[[Situation], Found]], Check]:
    """Make a function that returns state and sentence a check."""
    return lambda look: Check(code, title, look)
