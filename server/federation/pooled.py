"""``strategy=pooled``: one model trained on every hospital's slices together, to measure a federation against.

It breaks what a federation is for, so it exists in a simulation only, where one person holds all folders anyway. Only
the training differs: hospitals describe themselves, validate and test as ever, each on its own slices.
"""

from __future__ import annotations

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MessageType, RecordDict

from common.artifacts.schema import HospitalRound, Round
from common.errors import RunError
from common.model.weights import Arrays
from common.protocol import names
from server.federation import screening
from server.federation.exchange import Request
from server.federation.rounds import Rounds, note_training

EVERYBODY = "all hospitals, pooled"


class PooledRounds(Rounds):
    """Rounds whose training happens at one simulated node that reads every hospital's folder; no update is averaged."""

    def _next_model(self, number: int, arrays: Arrays, record: Round) -> Arrays:
        self._listener.phase("train", number)
        present = self._roster.muster()
        key, host = next(iter(present.items()))
        threads = self._roster.threads_alone()
        config = {names.PLAN: self.plan.to_json(), names.ROUND: number, names.POOL: list(present)}
        content = RecordDict(
            {
                names.ARRAYS: ArrayRecord({name: Array(array) for name, array in arrays.items()}),
                names.CONFIG: ConfigRecord(config | {names.THREADS: threads}),
            }
        )
        request = Request(key, Message(content, dst_node_id=host.node, message_type=MessageType.TRAIN), threads)
        ((_, reply),) = self._exchange.ask([request], self._timeout)
        samples = sum(member.description.train_samples for member in present.values())
        problem = screening.refusal(reply, self._timeout, host.description)
        if reply and not problem:
            problem = screening.update_problem(reply, arrays, samples)
        if problem or reply is None:
            raise RunError("RUN015", f"Round {number}: the pooled model could not be trained ({problem}).")
        record.pooled = HospitalRound()
        note_training(record.pooled, record, reply)
        self._listener.trained(EVERYBODY, record.pooled)
        return {name: array.numpy() for name, array in reply.content[names.ARRAYS].items()}
