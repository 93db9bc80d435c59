"""After the last round: every hospital's update evaluated everywhere, and the best model trained on by each for itself.

Only counts come back. The updates are those of the last round, which the centre holds anyway; a hospital's policy says
whether its own may go to the others (`clients.policy.limits`).
"""

import logging

from flwr.app import MessageType

from common.artifacts.external.yardsticks import CrossMatrix, FineTuning
from common.artifacts.schema import Failure
from common.protocol.messages import LocalStateRef
from common.protocol.names import FINE_TUNED
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.rounds import Rounds
from server.federation.update_store import UpdateStore
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener

log = logging.getLogger("server")


def cross_matrix(rounds: Rounds, store: UpdateStore, progress: RunProgress, listener: Listener) -> CrossMatrix | None:
    """Evaluate each hospital's update of the last round at each hospital; None where the run does not ask for it."""
    if not rounds.strategy.plan.yardsticks.cross_matrix:
        return None
    names = rounds.training.participants.names
    replied = progress.history[-1]["replied"]
    keys = [key for key, name in names.items() if name in replied and key in store.hospitals]
    if not keys:
        reason = "The run was resumed after its last round, and updates are not kept that long."
        return CrossMatrix(progress.round, {}, reason)
    listener.phase("cross-test", progress.round)
    phase, tests = _phase(rounds, MessageType.EVALUATE), {}
    for key, update in zip(keys, store.updates(keys, [1] * len(keys)).read(), strict=True):
        log.info("the update of %s goes to every hospital", names[key])
        tests[names[key]], _ = phase.run(progress.round, update, "test", _nothing_kept)
    return CrossMatrix(progress.round, tests)


def fine_tuning(rounds: Rounds, progress: RunProgress, listener: Listener) -> FineTuning | None:
    """Let each hospital train the best model on for itself and test it; None where the run does not ask for it."""
    count = rounds.strategy.plan.yardsticks.fine_tune_rounds
    if not count:
        return None
    listener.phase("fine-tune", progress.best_round)
    phase = _phase(rounds, f"{MessageType.EVALUATE}.{FINE_TUNED}")
    tests, _ = phase.run(progress.best_round, progress.best_arrays, "test", _nothing_kept)
    return FineTuning(count, tests)


def _phase(rounds: Rounds, kind: str) -> EvaluationPhase:
    known = rounds.evaluation
    return EvaluationPhase(known.plan, known.participants, known.exchange, _Logged(), kind=kind)


def _nothing_kept(name: str) -> LocalStateRef:
    return LocalStateRef()


class _Logged(Listener):
    """Hears of a hospital that is missing from a yardstick, which is no fault of the run's."""

    def failed(self, failure: Failure) -> None:
        log.warning("left out of a yardstick: %s", failure.reason, extra={"hospital": failure.hospital})
