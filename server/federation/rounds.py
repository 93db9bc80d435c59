"""The order of a run, in this one place: describe, then rounds of train, aggregate, evaluate, record; then the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MessageType, RecordDict

from common.artifacts.run_files import enter_totals, enter_validation, now
from common.artifacts.schema import Failure, HospitalRound, Round
from common.errors import RunError
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import REPLICATES
from common.model.local_layers import NOTHING
from common.model.weights import Arrays, payload_bytes
from common.protocol import names
from common.protocol.plan import Plan
from common.training.progressive import pixels_at
from server.federation import screening
from server.federation.exchange import Exchange, Request
from server.federation.local_state import Keeping, Said
from server.federation.participants import Member, Roster
from server.federation.present import Present
from server.federation.screening import size_problem
from server.federation.update_store import Parking
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.strategies.combining import Combining
from server.strategies.updates import Updates


class Rounds:
    """One federation at work.

    Parameters
    ----------
    plan : Plan
        What every hospital follows.
    roster : Roster
        Who takes part, in configured order; the order of every sum and table.
    exchange : Exchange
        The line to the hospitals.
    strategy : Combining
        Combines the updates.
    quorum : int
        Usable updates that a round needs.
    attempts : int
        How often a round below the quorum is begun.
    timeout_seconds : float
        Of each phase.
    listener : Listener
        Hears what happens.
    parking : Parking, optional
        Keeps updates on disk until they are averaged; without it they stay in memory.
    keeping : Keeping, optional
        Says which of their own tensors hospitals are to take up; without it they keep none.
    """

    def __init__(
        self,
        plan: Plan,
        roster: Roster,
        exchange: Exchange,
        strategy: Combining,
        quorum: int,
        attempts: int,
        timeout_seconds: float,
        listener: Listener,
        parking: Parking | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self.plan = plan
        self._roster = roster
        self._exchange = exchange
        self._strategy = strategy
        self._quorum = quorum
        self._attempts = attempts
        self._timeout = timeout_seconds
        self._listener = listener
        self._parking = None if strategy.needs_all else parking
        self._keeping = keeping or Keeping(NOTHING, RunProgress({}))

    def run_round(self, number: int, arrays: Arrays) -> tuple[Arrays, Round]:
        """Train on the hospitals, aggregate, evaluate the new model on every validation split.

        Parameters
        ----------
        number : int
            From 1.
        arrays : dict of str to ndarray
            The global model.

        Returns
        -------
        tuple of (dict of str to ndarray, Round)
            The new global model and what happened.

        Raises
        ------
        RunError
            ``RUN010`` below the quorum, ``RUN013`` if nobody could evaluate.
        """
        started = time.perf_counter()
        parts = {name: HospitalRound(bytes_down=0, bytes_up=0) for name in self._roster.names.values()}
        pixels = pixels_at(self.plan.data, self.plan.train, number, self.plan.rounds)
        record = Round(number, started_at=now(), image_size=pixels, hospitals=parts)
        new_arrays = self._next_model(number, arrays, record)
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
        results, failures = self._evaluate(
            number, arrays, "test", self._keeping.to_test, self._keeping.temperature or 1.0
        )
        if not results:
            raise RunError("RUN013", f"No hospital could evaluate the model of round {number} ({_listed(failures)}).")
        return results, failures

    def _next_model(self, number: int, arrays: Arrays, record: Round) -> Arrays:
        """Train on the hospitals and aggregate."""
        return self._combine(number, self._train_until_quorum(number, arrays, record), arrays)

    def _combine(self, number: int, updates: Mapping[str, Message], arrays: Arrays) -> Arrays:
        """Combine the updates, from disk or from memory."""
        samples = [int(reply.content[names.METRICS][names.SAMPLES]) for reply in updates.values()]
        if self._parking:
            return self._strategy.combine(number, self._parking.updates(list(updates), samples), arrays)
        return self._strategy.combine(number, Updates(list(updates), samples, partial(_read, updates)), arrays)

    def _train_until_quorum(self, number: int, arrays: Arrays, record: Round) -> dict[str, Message]:
        """Collect the usable updates of a round, in configured order; below the quorum begin again."""
        for attempt in range(1, self._attempts + 1):
            before = len(record.failed)
            present = self._roster.muster()
            usable = self._train(number, arrays, record, present)
            record.replied = [name for key, name in self._roster.names.items() if key in usable]
            if len(usable) >= self._quorum:
                return {key: usable[key] for key in self._roster.names if key in usable}
            if attempt < self._attempts:
                self._listener.repeating(number, len(usable), self._quorum)
        raise RunError(
            "RUN010",
            f"Round {number}: {len(usable)} of {len(self._roster.names)} hospitals sent a usable update and "
            f"{self._quorum} are needed ({_listed(record.failed[before:])}).",
        )

    def _train(self, number: int, arrays: Arrays, record: Round, present: Mapping[str, Member]) -> dict[str, Message]:
        """Let the hospitals that are there train; return the usable updates by hospital."""
        self._listener.phase("train", number)
        config = ConfigRecord({names.PLAN: self.plan.to_json()})
        sent = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        companion = {name: Array(array) for name, array in self._strategy.companion().items()}
        beside = {names.CONTROL: ArrayRecord(companion)} if companion else {}
        by_node = {member.node: key for key, member in present.items()}
        configured = self._strategy.configure_train(number, sent, config, Present(list(by_node)))
        asked = {by_node[m.metadata.dst_node_id]: RecordDict({**m.content, **beside}) for m in configured}
        requests = [
            self._request(key, present[key], MessageType.TRAIN, asked[key], self._keeping.to_train(present[key].name))
            for key in self._roster.starting_order(present)
            if key in asked
        ]
        record.asked = [name for key, name in self._roster.names.items() if key in asked]
        for key, name in self._roster.names.items():
            if key not in present:
                self._note(record, Failure(name, "train", self._roster.absence(key)))
        usable: dict[str, Message] = {}
        for request, reply in self._exchange.ask(requests, self._timeout):
            member = present[request.hospital]
            problem = screening.refusal(reply, self._timeout, member.description)
            if reply and not problem:
                problem = screening.update_problem(reply, arrays, member.description.train_samples)
            if reply and not problem:
                update = {name: array.numpy() for name, array in reply.content[names.ARRAYS].items()}
                problem = size_problem(update, arrays, self.plan.train, member.description.train_samples, number)
            part = record.hospitals[member.name]
            part.bytes_down = (part.bytes_down or 0) + payload_bytes(arrays) + payload_bytes(self._strategy.companion())
            if problem or reply is None:
                self._note(record, Failure(member.name, "train", problem or "no answer"))
                continue
            usable[request.hospital] = reply
            part.bytes_up = (part.bytes_up or 0) + sum(len(a.data) for a in reply.content[names.ARRAYS].values())
            note_training(part, record, reply)
            if self._parking:
                self._parking.put(request.hospital, reply)
            self._listener.trained(member.name, part)
        return usable

    def _validate(self, number: int, arrays: Arrays, record: Round) -> None:
        """Enter each hospital's validation figures into the record."""
        own = partial(self._keeping.to_validate, number=number, replied=record.replied)
        results, failures = self._evaluate(number, arrays, "val", own)
        record.failed += failures
        for name, result in results.items():
            part = record.hospitals[name]
            enter_validation(part, result)
            part.bytes_down = (part.bytes_down or 0) + payload_bytes(arrays)
        enter_totals(record, [result.nll for result in results.values()])
        if not any(result.samples for result in results.values()):
            raise RunError("RUN013", f"Round {number}: no hospital could evaluate the model ({_listed(failures)}).")

    def _evaluate(
        self, number: int, arrays: Arrays, split: str, own: Callable[[str], Said], temperature: float = 1.0
    ) -> tuple[dict[str, EvaluateResult], list[Failure]]:
        """Evaluate a model, with each hospital's own tensors, on one split of every hospital; in configured order."""
        phase = {"val": "evaluate", "test": "test"}[split]
        self._listener.phase(phase, number)
        asked = {names.ROUND: number, names.SPLIT: split, names.TEMPERATURE: temperature}
        config = ConfigRecord({names.PLAN: self.plan.to_json(), **asked})
        replicates = REPLICATES if split == "test" else 0
        sent = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        content = RecordDict({names.ARRAYS: sent, names.CONFIG: config})
        present = self._roster.muster()
        order = self._roster.starting_order(present)
        requests = [
            self._request(key, present[key], MessageType.EVALUATE, content, own(present[key].name)) for key in order
        ]
        results: dict[str, EvaluateResult] = {}
        failures: list[Failure] = []
        for key, name in self._roster.names.items():
            if key not in present:
                failures.append(Failure(name, phase, self._roster.absence(key)))
                self._listener.failed(failures[-1])
        for request, reply in self._exchange.ask(requests, self._timeout):
            member = present[request.hospital]
            problem = screening.refusal(reply, self._timeout, member.description)
            result = problem or (screening.evaluation_of(reply, replicates) if reply else "no answer")
            if isinstance(result, str):
                failures.append(Failure(member.name, phase, result))
                self._listener.failed(failures[-1])
            else:
                results[member.name] = result
        return {name: results[name] for name in self._roster.names.values() if name in results}, failures

    def _request(self, key: str, member: Member, message_type: str, content: RecordDict, own: Said) -> Request:
        """Address a message to one hospital, with its own threads in it, and which of its own tensors to take up."""
        config = ConfigRecord({**content[names.CONFIG], names.THREADS: member.threads, **own})
        records = RecordDict({**content, names.CONFIG: config})
        return Request(key, Message(records, dst_node_id=member.node, message_type=message_type), member.threads)

    def _note(self, record: Round, failure: Failure) -> None:
        record.failed.append(failure)
        self._listener.failed(failure)


def _read(replies: Mapping[str, Message]) -> Iterator[Arrays]:
    for reply in replies.values():
        yield {name: array.numpy() for name, array in reply.content[names.ARRAYS].items()}


def note_training(part: HospitalRound, record: Round, reply: Message) -> None:
    """Enter a hospital's training figures."""
    metrics = reply.content[names.METRICS]
    part.train_loss, part.train_accuracy = float(metrics["loss"]), float(metrics["accuracy"])
    part.train_samples, part.train_steps = int(metrics[names.SAMPLES]), int(metrics["steps"])
    part.train_seconds = float(metrics["seconds"])
    rate = float(metrics["lr"])
    record.lr = min(record.lr, rate) if record.lr else rate  # not the last one's to arrive, which is another each time


def _listed(failures: Sequence[Failure]) -> str:
    return "; ".join(f"{failure.hospital}: {failure.reason}" for failure in failures) or "nobody answered"
