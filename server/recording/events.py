"""What happens in a run, for whoever wants to know: the recorder, the log and the terminal are listeners."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from common.artifacts.schema import Failure, HospitalRound, Round
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description


class Listener:
    """Hears of a run's events; every method does nothing unless overridden."""

    def described(self, descriptions: Sequence[Description]) -> None:
        """Every hospital has said what it holds."""

    def compared(self, found: CrossDuplicates) -> None:
        """The hospitals' fingerprints were compared."""

    def doubted(self, sentence: str) -> None:
        """The figures to come will be worth less than they seem."""

    def phase(self, name: str, server_round: int) -> None:
        """A phase begins: describe, train, evaluate, cross-test, test or fine-tune."""

    def asked(self, name: str) -> None:
        """A hospital is about to be sent a task: to train, or to evaluate a model."""

    def trained(self, name: str, part: HospitalRound) -> None:
        """A hospital's update was accepted."""

    def evaluated(self, name: str) -> None:
        """A hospital's evaluation was accepted."""

    def failed(self, failure: Failure) -> None:
        """A hospital did not do its part."""

    def stopped(self, name: str) -> None:
        """A hospital has spent its privacy budget: it trains no further, and still evaluates."""

    def spent(self, sentence: str) -> None:
        """What the rounds so far have cost the hospitals' patients."""

    def ended_early(self, sentence: str) -> None:
        """Nobody trains any further, so that the rounds that are left are not made."""

    def waiting(self) -> None:
        """The server waits; called several times a second."""

    def waiting_for(self, names: Sequence[str], seconds: float) -> None:
        """These hospitals are not connected; the server waits for them so many seconds at most."""

    def joined(self, name: str) -> None:
        """A hospital is there that was not there before."""

    def sent_whole(self, name: str) -> None:
        """A hospital is sent the whole model: it has missed a round, or lost what it kept."""

    def repeating(self, server_round: int, usable: int, quorum: int) -> None:
        """A round had too few usable updates and begins again."""

    def round_done(self, record: Round, is_best: bool) -> None:
        """A round is complete and stored."""

    def tested(self, model: str, tests: dict[str, EvaluateResult]) -> None:
        """The best model, in words, was evaluated on the test slices; results by hospital name."""

    def completed(self, meta: Mapping[str, Any]) -> None:
        """The run is complete and its ``model_meta.json``, given here, is written."""


_EVENTS = [name for name in vars(Listener) if not name.startswith("_")]


class Listeners(Listener):
    """Passes each event to several listeners, in order."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = list(listeners)
        for event in _EVENTS:
            setattr(self, event, partial(self._tell, event))

    def _tell(self, event: str, *values: Any) -> None:
        for listener in self._listeners:
            getattr(listener, event)(*values)
