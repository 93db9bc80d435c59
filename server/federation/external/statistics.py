"""After the last round's model is made, before it is evaluated: BatchNorm's statistics anew, of all training slices."""

import logging
from collections.abc import Callable
from dataclasses import replace

from flwr.app import MessageType

from common.artifacts.schema import Failure
from common.model.statistics import Moments, normalisations, with_statistics
from common.model.weights import Arrays
from common.protocol import names
from common.protocol.description import Description
from common.protocol.digest import digest_of
from common.protocol.messages import LocalStateRef, Records
from common.protocol.sums.statistics import read_moments
from server.federation.evaluation_phase import EvaluationPhase
from server.recording.events import Listener

log = logging.getLogger("server")


def estimated(
    evaluation: EvaluationPhase, number: int, arrays: Arrays, local_of: Callable[[str], LocalStateRef]
) -> Arrays:
    """Return the model of a round with statistics of all hospitals' training slices; as it is if nobody returns any."""
    channels = normalisations(arrays)
    kind = f"{MessageType.EVALUATE}.{names.STATISTICS}"

    def moments_of(records: Records, said: Description) -> Moments:
        return read_moments(records.get(names.STATISTICS), said.train_samples, channels)

    phase = replace(evaluation, kind=kind, listener=_Logged())
    found, _ = phase.ask(number, arrays, "val", local_of, moments_of)
    if not found:
        log.warning("no hospital returned BatchNorm's statistics: the averaged ones stay")
        return arrays
    new = with_statistics(arrays, list(found.values()))
    keys = [key for key, name in evaluation.participants.names.items() if name in found]
    evaluation.ledger.estimated(number, keys, digest_of(new))
    log.info("BatchNorm's statistics were estimated anew from the training slices of %s", ", ".join(found))
    return new


class _Logged(Listener):
    """Hears of a hospital that returns none: those of the others are used."""

    def failed(self, failure: Failure) -> None:
        log.warning("left out of BatchNorm's statistics: %s", failure.reason, extra={"hospital": failure.hospital})
