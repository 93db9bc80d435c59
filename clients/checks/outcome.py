"""What a check says: fine, doubtful, failed or not looked at, in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clients.site import SiteFile
from common.config.settings import DataPlan, TrainPlan


@dataclass(frozen=True)
class Outcome:
    """One check's result.

    Attributes
    ----------
    code : str
        Stable, such as ``"PRE003"``.
    title : str
        What was looked at.
    state : str
        ``"ok"``, ``"warning"``, ``"failed"`` or ``"skipped"``.
    sentence : str
        What was found, and what to do about it.
    """

    code: str
    title: str
    state: str
    sentence: str


@dataclass
class Situation:
    """What the checks look at.

    Attributes
    ----------
    site : SiteFile
        The hospital's settings.
    insecure : bool
        Whether the connection has no TLS and no key.
    data, train : DataPlan, TrainPlan
        What a run is going to ask for; the defaults unless the centre says otherwise.
    timeout_seconds : float
        A round's deadline.
    centre : dict
        What the centre says of itself, filled in by the check that asks it.
    facts : dict
        What one check leaves for another.
    """

    site: SiteFile
    insecure: bool
    data: DataPlan
    train: TrainPlan
    timeout_seconds: float
    centre: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check with its name.

    Attributes
    ----------
    code, title : str
        As in `Outcome`.
    look : callable
        Returns state and sentence.
    """

    code: str
    title: str
    look: Callable[[Situation], tuple[str, str]]

    def run(self, situation: Situation) -> Outcome:
        """Look, and return what was found."""
        state, sentence = self.look(situation)
        return Outcome(self.code, self.title, state, sentence)
