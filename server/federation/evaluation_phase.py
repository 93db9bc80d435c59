"""Every hospital evaluates a model on its own validation or test slices."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flwr.app import MessageType

from common.artifacts.schema import Failure
from common.metrics.evaluation import EvaluateResult
from common.metrics.intervals import REPLICATES
from common.model.weights import Arrays
from common.protocol.description import Description
from common.protocol.messages import ExtraPayload, LocalStateRef, Records, Task, read_evaluation
from common.protocol.plan import Plan
from common.protocol.postprocess import UnusableAnswer
from server.federation.delivery.known_models import KnownModels
from server.federation.exchange import Exchange
from server.federation.participants import Participants
from server.federation.screening import usable_records
from server.recording.events import Listener
from server.recording.ledger import NO_LEDGER, Unrecorded

Results = dict[str, EvaluateResult]
Answer = TypeVar("Answer")
_PHASES = {"val": "evaluate", "test": "test"}


@dataclass
class EvaluationPhase:
    """Asks for evaluations, and takes those that can be."""

    plan: Plan
    participants: Participants
    exchange: Exchange
    listener: Listener
    ledger: Unrecorded = NO_LEDGER
    models: KnownModels = field(default_factory=KnownModels)
    kind: str = MessageType.EVALUATE
    reference: Arrays = field(default_factory=dict)  # packed: the model that it is compared with on the same slices
    likeness: Arrays = field(default_factory=dict)  # packed: what distances to the slices of training are measured with

    def run(
        self,
        number: int,
        arrays: Arrays,
        split: str,
        local_of: Callable[[str], LocalStateRef],
        temperature: float = 1.0,
    ) -> tuple[Results, list[Failure]]:
        """Evaluate the model of a round, with each hospital's own tensors, on one split of every hospital.

        Returns
        -------
        tuple of (dict of str to EvaluateResult, list of Failure)
            Results by hospital name, in configured order, and who is missing.
        """

        def read(records: Records, said: Description) -> EvaluateResult:
            draws = REPLICATES if split == "test" else 0
            patients = said.patient_counts.get("test") if split == "test" else None
            return read_evaluation(records, draws, said.held(split), patients, bool(self.reference))

        return self.ask(number, arrays, split, local_of, read, temperature)

    def ask(
        self,
        number: int,
        arrays: Arrays,
        split: str,
        local_of: Callable[[str], LocalStateRef],
        read: Callable[[Records, Description], Answer],
        temperature: float = 1.0,
    ) -> tuple[dict[str, Answer], list[Failure]]:
        """Ask every hospital something of a model; as `run`, for whatever answers `read` takes apart.

        Parameters
        ----------
        read : callable
            Reads the records of a hospital that described itself so; raises `UnusableAnswer`.
        """
        self.listener.phase(_PHASES[split], number)
        present = self.participants.wait_for_quorum()
        failures: list[Failure] = []

        def leave_out(name: str, reason: str) -> None:
            failures.append(Failure(name, _PHASES[split], reason))
            self.listener.failed(failures[-1])

        for key, name in self.participants.names.items():
            if key not in present:
                leave_out(name, self.participants.absence(key))
        parcel, requests = self.models.parcel(arrays), []
        for key in self.participants.starting_order(present):
            member = present[key]
            extra = ExtraPayload(local_of(member.name))
            head = self.ledger.head
            task = Task(self.plan, number, arrays, member.threads, extra, (), split, temperature, head)
            task = replace(task, reference=self.reference, likeness=self.likeness)
            requests.append(self.models.request(key, member.node, self.kind, task, parcel))
        results: dict[str, Answer] = {}
        timeout = self.participants.policy.timeout_seconds
        for request, reply in self.exchange.ask(requests, timeout):
            member = present[request.hospital]
            try:
                records = usable_records(reply, timeout, member.description)
                results[member.name] = read(records, member.description)
                self.models.has(request.hospital, parcel)
                self.listener.evaluated(member.name)
            except UnusableAnswer as problem:
                leave_out(member.name, str(problem))
        return {name: results[name] for name in self.participants.names.values() if name in results}, failures
