"""The order of a run, in this one place: describe, then rounds of train, aggregate, evaluate, record; then the test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MessageType, RecordDict
from flwr.serverapp.strategy import Strategy

from common import wire
from common.artifacts.history import Failure, HospitalRound, RoundRecord
from common.artifacts.status import now
from common.description import Description
from common.errors import RunError
from common.evaluate import EvaluateResult
from common.plan import Plan
from common.weights import Arrays, payload_bytes
from server import screening
from server.aggregation import aggregate
from server.events import Listener
from server.exchange import Exchange, Request


@dataclass(frozen=True)
class Member:
    """A hospital as the server knows it.

    Attributes
    ----------
    node : int
        Flower's number of its node.
    description : Description
        What it said of itself.
    threads : int
        Threads it is asked to use; 0 leaves that to it.
    """

    node: int
    description: Description
    threads: int = 0

    @property
    def name(self) -> str:
        """The hospital's name."""
        return self.description.name


class Rounds:
    """One federation at work.

    Parameters
    ----------
    plan : Plan
        What every hospital follows.
    members : sequence of Member
        In configured order; the order of every sum and table.
    starting_order : sequence of str
        Hospital keys in the order in which simulated hospitals are to start.
    exchange : Exchange
        The line to the hospitals.
    strategy : Strategy
        Flower's, combines the weights.
    quorum : int
        Usable updates that a round needs.
    timeout_seconds : float
        Of each phase.
    listener : Listener
        Hears what happens.
    """

    def __init__(
        self,
        plan: Plan,
        members: Sequence[Member],
        starting_order: Sequence[str],
        exchange: Exchange,
        strategy: Strategy,
        quorum: int,
        timeout_seconds: float,
        listener: Listener,
    ) -> None:
        self.plan = plan
        self.members = {member.description.key: member for member in members}
        self._starting_order = starting_order
        self._exchange = exchange
        self._strategy = strategy
        self._quorum = quorum
        self._timeout = timeout_seconds
        self._listener = listener

    def run_round(self, number: int, arrays: Arrays) -> tuple[Arrays, RoundRecord]:
        """Train on the hospitals, aggregate, evaluate the new model on every validation split.

        Parameters
        ----------
        number : int
            From 1.
        arrays : dict of str to ndarray
            The global model.

        Returns
        -------
        tuple of (dict of str to ndarray, RoundRecord)
            The new global model and what happened.

        Raises
        ------
        RunError
            ``RUN010`` below the quorum, ``RUN013`` if nobody could evaluate.
        """
        started = time.perf_counter()
        parts = {member.name: HospitalRound() for member in self.members.values()}
        record = RoundRecord(number, now(), hospitals=parts)
        updates = self._train(number, arrays, record)
        new_arrays = aggregate(self._strategy, number, updates, arrays)
        self._validate(number, new_arrays, record)
        record.seconds = time.perf_counter() - started
        return new_arrays, record

    def test(self, number: int, arrays: Arrays) -> tuple[dict[str, EvaluateResult], list[Failure]]:
        """Evaluate a model on every hospital's test split.

        Parameters
        ----------
        number : int
            The round the model comes from.
        arrays : dict of str to ndarray
            The model.

        Returns
        -------
        tuple of (dict of str to EvaluateResult, list of Failure)
            Results by hospital name, and who is missing.
        """
        results, failures = self._evaluate(number, arrays, "test")
        if not results:
            raise RunError("RUN013", f"No hospital could evaluate the model of round {number} ({_listed(failures)}).")
        return results, failures

    def _train(self, number: int, arrays: Arrays, record: RoundRecord) -> list[Message]:
        """Collect the usable updates of a round, in configured order."""
        self._listener.phase("train", number)
        config = ConfigRecord({wire.PLAN: self.plan.to_json()})
        sent = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        by_node = {member.node: key for key, member in self.members.items()}
        configured = self._strategy.configure_train(number, sent, config, self._exchange.grid)
        asked = {by_node[m.metadata.dst_node_id]: m.content for m in configured if m.metadata.dst_node_id in by_node}
        requests = [self._request(key, MessageType.TRAIN, asked[key]) for key in self._starting_order if key in asked]
        record.asked = [member.name for key, member in self.members.items() if key in asked]
        for key, member in self.members.items():
            if key not in asked:
                self._note(record, Failure(member.name, "train", "it was not connected when the round began"))
        usable: dict[str, Message] = {}
        for request, reply in self._exchange.ask(requests, self._timeout):
            member = self.members[request.hospital]
            problem = screening.refusal(reply, self._timeout, member.description.files_sha256)
            problem = problem or (screening.update_problem(reply, arrays) if reply else None)
            part = record.hospitals[member.name]
            part.bytes_down += payload_bytes(arrays)
            if problem or reply is None:
                self._note(record, Failure(member.name, "train", problem or "no answer"))
                continue
            usable[request.hospital] = reply
            part.bytes_up += sum(len(array.data) for array in reply.content[wire.ARRAYS].values())
            _note_training(part, record, reply)
            self._listener.trained(member.name, part)
        record.replied = [member.name for key, member in self.members.items() if key in usable]
        if len(usable) < self._quorum:
            raise RunError(
                "RUN010",
                f"Round {number}: {len(usable)} of {len(self.members)} hospitals sent a usable update and "
                f"{self._quorum} are needed ({_listed(record.failed)}).",
            )
        return [usable[key] for key in self.members if key in usable]

    def _validate(self, number: int, arrays: Arrays, record: RoundRecord) -> None:
        """Enter each hospital's validation figures into the record."""
        results, failures = self._evaluate(number, arrays, "val")
        record.failed += failures
        for name, result in results.items():
            part = record.hospitals[name]
            part.val_confusion, part.val_samples, part.val_seconds = result.confusion, result.samples, result.seconds
            part.val_loss = result.loss_sum / max(result.samples, 1)
            part.bytes_down += payload_bytes(arrays)
        if not any(result.samples for result in results.values()):
            raise RunError("RUN013", f"Round {number}: no hospital could evaluate the model ({_listed(failures)}).")

    def _evaluate(self, number: int, arrays: Arrays, split: str) -> tuple[dict[str, EvaluateResult], list[Failure]]:
        """Evaluate a model on one split of every hospital; results in configured order."""
        phase = {"val": "evaluate", "test": "test"}[split]
        self._listener.phase(phase, number)
        config = ConfigRecord({wire.PLAN: self.plan.to_json(), wire.ROUND: number, wire.SPLIT: split})
        sent = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        content = RecordDict({wire.ARRAYS: sent, wire.CONFIG: config})
        requests = [self._request(key, MessageType.EVALUATE, content) for key in self._starting_order]
        results: dict[str, EvaluateResult] = {}
        failures: list[Failure] = []
        for request, reply in self._exchange.ask(requests, self._timeout):
            member = self.members[request.hospital]
            problem = screening.refusal(reply, self._timeout, member.description.files_sha256)
            result = problem or (screening.evaluation_of(reply) if reply else "no answer")
            if isinstance(result, str):
                failures.append(Failure(member.name, phase, result))
                self._listener.failed(failures[-1])
            else:
                results[member.name] = result
        return {m.name: results[m.name] for m in self.members.values() if m.name in results}, failures

    def _request(self, key: str, message_type: str, content: RecordDict) -> Request:
        """Address a message to one hospital, with its own threads in it."""
        member = self.members[key]
        config = ConfigRecord({**content[wire.CONFIG], wire.THREADS: member.threads})
        own = RecordDict({wire.ARRAYS: content[wire.ARRAYS], wire.CONFIG: config})
        return Request(key, Message(own, dst_node_id=member.node, message_type=message_type), member.threads)

    def _note(self, record: RoundRecord, failure: Failure) -> None:
        record.failed.append(failure)
        self._listener.failed(failure)


def _note_training(part: HospitalRound, record: RoundRecord, reply: Message) -> None:
    """Enter a hospital's training figures."""
    metrics = reply.content[wire.METRICS]
    part.train_loss, part.train_accuracy = float(metrics["loss"]), float(metrics["accuracy"])
    part.train_samples, part.train_steps = int(metrics[wire.SAMPLES]), int(metrics["steps"])
    part.train_seconds = float(metrics["seconds"])
    record.lr = float(metrics["lr"])


def _listed(failures: Sequence[Failure]) -> str:
    return "; ".join(f"{failure.hospital}: {failure.reason}" for failure in failures) or "nobody answered"
