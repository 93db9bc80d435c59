"""Hospitals train the global model; the server collects their updates until there are enough."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from flwr.app import MessageType

from common.artifacts.ledger.lines import LeftOut, Update
from common.artifacts.privacy.spent import STOPPED
from common.artifacts.schema import Failure, HospitalRound, Round
from common.config.strategies import STRATEGIES, fewest_hospitals
from common.errors import RunError
from common.metrics.evaluation import TrainResult
from common.model.weights import Arrays
from common.protocol import names
from common.protocol.codec import pack
from common.protocol.digest import digest_of
from common.protocol.messages import ExtraPayload, Task, read_training
from common.protocol.postprocess import Chain, StepState, UnusableAnswer, UpdateContext
from common.training.optim import rates_of_round, steps_of_round
from server.federation.agreement import agreements
from server.federation.delivery.known_models import KnownModels, Parcel
from server.federation.exchange import Exchange, Request
from server.federation.local_state import LocalStates
from server.federation.participants import Member, Participants
from server.federation.replies import Reply
from server.federation.screening import BudgetSpent, usable_records
from server.federation.signed_updates import SignedUpdates
from server.federation.update_store import UpdateStore
from server.recording.events import Listener
from server.recording.kept_updates import KeptUpdates
from server.recording.ledger import NO_LEDGER, Unrecorded
from server.strategies.aggregator import Aggregator, Memory
from server.strategies.updates import Updates

EVERYBODY = "all hospitals, pooled"


@dataclass(frozen=True)
class Trainee:
    """Who is asked for an update: a hospital, or with a `pool`, one loader over several hospitals' slices."""

    key: str
    member: Member
    name: str
    samples: int
    steps: int
    threads: int
    pool: tuple[str, ...] = ()


class TrainingOver(Exception):
    """Too few hospitals have privacy budget left for another round; how many have, and how many it takes."""

    def __init__(self, left: int, needed: int) -> None:
        super().__init__(left, needed)
        self.left, self.needed = left, needed


@dataclass
class TrainingPhase:
    """Asks for updates, takes them through the chain, and puts away those that can be."""

    participants: Participants
    exchange: Exchange
    strategy: Aggregator
    chain: Chain
    store: UpdateStore
    local: LocalStates
    listener: Listener
    memory: Memory = field(default_factory=dict)  # what the chain's steps keep at the server, by their names
    ledger: Unrecorded = NO_LEDGER
    signed: SignedUpdates = field(default_factory=SignedUpdates)
    kept: KeptUpdates = field(default_factory=KeptUpdates)
    models: KnownModels = field(default_factory=KnownModels)
    stopped: list[str] = field(default_factory=list)  # keys of hospitals whose privacy budget is spent
    accepted: dict[str, Update] = field(default_factory=dict)  # of the last attempt, by key: what the ledger says

    def collect(self, number: int, arrays: Arrays, record: Round) -> Updates:
        """Return the usable updates of a round, in configured order; below the quorum begin again.

        Raises
        ------
        RunError
            ``RUN010`` below the quorum after the last attempt, ``RUN015`` if a pooled model could not be trained.
        TrainingOver
            As `require_budget`.
        """
        policy, everybody = self.participants.policy, self.participants.names
        for attempt in range(1, policy.attempts + 1):
            before = len(record.failed)
            usable = self._train(number, arrays, record, self.participants.wait_for_quorum())
            if record.pooled:
                return self.store.updates(list(usable), list(usable.values()))
            self.require_budget()
            record.replied = [name for key, name in everybody.items() if key in usable]
            if len(usable) >= self.quorum:
                keys = [key for key in everybody if key in usable]
                return self._compared(self.store.updates(keys, [usable[key] for key in keys]), arrays, record)
            if attempt < policy.attempts:
                self.listener.repeating(number, len(usable), self.quorum)
        raise RunError(
            "RUN010",
            f"Round {number}: {len(usable)} of {len(everybody)} hospitals sent a usable update and "
            f"{self.quorum} are needed ({failures_listed(record.failed[before:])}).",
        )

    @property
    def fewest(self) -> int:
        """Fewest hospitals that must have privacy budget left."""
        return max(1, fewest_hospitals(self.strategy.settings))

    @property
    def quorum(self) -> int:
        """Usable updates that a round needs: of those hospitals that still train, where there are fewer."""
        return min(self.participants.policy.quorum, self._left)

    @property
    def _left(self) -> int:
        return len(self.participants.names) - len(self.stopped)

    def require_budget(self) -> None:
        """Raise `TrainingOver` when too few hospitals have privacy budget left."""
        if self._left < self.fewest:
            raise TrainingOver(self._left, self.fewest)

    def enter(self, number: int, updates: Updates, record: Round, model: Arrays) -> None:
        """Let the ledger say what a round's model was made of."""
        record.stopped = [name for key, name in self.participants.names.items() if key in self.stopped]
        made_of = [self.accepted[key] for key in updates.hospitals]
        keys = {name: key for key, name in self.participants.names.items()}
        gone = [LeftOut(hospital=keys.get(each.hospital, each.hospital), reason=each.reason) for each in record.failed]
        gone += [LeftOut(hospital=key, reason=STOPPED) for key in self.stopped]
        gone = [each for each in gone if each.hospital not in updates.hospitals]
        self.ledger.combined(number, made_of, gone, digest_of(model))

    def unwrapped(
        self, number: int, hospital: str, samples: int, sent: Arrays, arrays: Arrays, steps: int | None = None
    ) -> Arrays:
        """Take what a hospital sent through the server's half of the chain; raises `UnusableAnswer`.

        Parameters
        ----------
        steps : int, optional
            That it was asked for; by default those of one hospital with so many slices.
        """
        asked = self._steps(samples) if steps is None else steps
        return self.chain.at_server(sent, self._context(number, hospital, samples, arrays, asked))

    def finish(self, number: int, combined: Arrays, updates: Updates, arrays: Arrays) -> Arrays:
        """Take the aggregated model through the chain's last half."""
        return self.chain.on_average(combined, self._context(number, "", sum(updates.samples), arrays))

    def _compared(self, sent: Updates, arrays: Arrays, record: Round) -> Updates:
        """Take the updates through the half of the chain that compares them; note how far they agree."""
        updates = self.chain.on_round(sent, arrays)
        for key, found in agreements(updates, sent, arrays).items() if arrays else ():
            part = record.hospitals[self.participants.names[key]]
            part.update_norm, part.update_kept = found.norm, found.kept
            part.update_distance, part.update_cosine = found.distance, found.cosine
        return updates

    def _train(self, number: int, arrays: Arrays, record: Round, present: Mapping[str, Member]) -> dict[str, int]:
        """Let those who are there train; put away the usable updates and return training slices by hospital."""
        self.listener.phase("train", number)
        return self._ask(number, arrays, record, list(self._trainees(record, present)))

    def _ask(
        self,
        number: int,
        arrays: Arrays,
        record: Round,
        asked: Sequence[Trainee],
        secure: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, int]:
        """Ask for updates, with what secure aggregation tells each hospital beside; return as `_train`."""
        trainees = {each.key: each for each in asked}
        control = self.strategy.global_control()
        parcel = self.models.parcel(arrays)
        usable: dict[str, int] = {}
        self.accepted = {}
        self.ledger.asked(number, list(trainees))
        requests = self._requests(number, parcel, control, asked, secure)
        for request, reply in self.exchange.ask(requests, self.participants.policy.timeout_seconds):
            trainee = trainees[request.hospital]
            part = record.pooled or record.hospitals[trainee.name]
            try:
                update, result = self._usable_update(number, trainee, reply, arrays)
            except BudgetSpent as problem:
                self._stop(number, trainee, record, str(problem))
                continue
            except UnusableAnswer as problem:
                self._leave_out(number, trainee, record, str(problem))
                continue
            self.store.put(trainee.key, update)
            usable[trainee.key] = trainee.samples
            self.models.has(trainee.key, parcel)
            note_training(part, record, result)
            self.listener.trained(trainee.name, part)
        return usable

    def _trainees(self, record: Round, present: Mapping[str, Member]) -> Iterator[Trainee]:
        """Yield who is to train, in starting order; enter in the record who is asked and who is not there."""
        if STRATEGIES[self.strategy.settings.name].pooled:
            key, host = next(iter(present.items()))
            record.pooled = HospitalRound()
            each = [member.description.train_samples for member in present.values()]
            steps, threads = sum(map(self._steps, each)), self.exchange.place.threads_alone
            yield Trainee(key, host, EVERYBODY, sum(each), steps, threads, tuple(present))
            return
        everybody = self.participants.names
        present = {key: member for key, member in present.items() if key not in self.stopped}
        record.asked = [name for key, name in everybody.items() if key in present]
        for key, name in everybody.items():
            if key not in present and key not in self.stopped:
                self._note(record, Failure(name, "train", self.participants.absence(key)))
        for key in self.participants.starting_order(present):
            member = present[key]
            samples = member.description.train_samples
            yield Trainee(key, member, member.name, samples, self._steps(samples), member.threads)

    def _requests(
        self, number: int, parcel: Parcel, control: Arrays, trainees: Sequence[Trainee], secure: Mapping[str, str]
    ) -> list[Request]:
        plan, packed_control = self.strategy.plan, pack(control)
        requests = []
        for each in trainees:
            extra = ExtraPayload() if each.pool else ExtraPayload(self.local.to_train(each.name), control)
            head, told = self.ledger.head, secure.get(each.key, "")
            task = Task(plan, number, parcel.arrays, each.threads, extra, each.pool, head=head, secure=told)
            node = each.member.node
            requests.append(self.models.request(each.key, node, MessageType.TRAIN, task, parcel, packed_control))
        return requests

    def _usable_update(
        self, number: int, trainee: Trainee, reply: Reply | None, arrays: Arrays
    ) -> tuple[Arrays, TrainResult]:
        """Return the update and the figures beside it; raises `UnusableAnswer`."""
        timeout = self.participants.policy.timeout_seconds
        records = usable_records(reply, timeout, trainee.member.description)
        result = read_training(records, trainee.samples, self.strategy.plan.dp)
        sent = dict(records[names.ARRAYS])
        self.accepted[trainee.key] = self.signed.check(number, trainee.key, trainee.samples, sent, records)
        update = self.unwrapped(number, trainee.key, trainee.samples, sent, arrays, trainee.steps)
        self.kept.put(number, trainee.key, sent)
        return update, result

    def _context(self, number: int, hospital: str, samples: int, arrays: Arrays, steps: int = 0) -> UpdateContext:
        plan = self.strategy.plan
        rates = rates_of_round(plan.train, number, plan.rounds, steps)
        return UpdateContext(plan, number, hospital, samples, steps, arrays, self._state_of, rates)

    def _steps(self, samples: int) -> int:
        return steps_of_round(samples, self.strategy.plan.train, self.strategy.plan.dp)

    def _state_of(self, step: str) -> StepState:
        return StepState(lambda: self.memory.get(step, {}), lambda arrays: self.memory.update({step: arrays}))

    def _leave_out(self, number: int, trainee: Trainee, record: Round, problem: str) -> None:
        if trainee.pool:
            raise RunError("RUN015", f"Round {number}: the pooled model could not be trained ({problem}).")
        self._note(record, Failure(trainee.name, "train", problem))

    def _stop(self, number: int, trainee: Trainee, record: Round, problem: str) -> None:
        """Ask a hospital no more to train, if there is a budget that it can have spent."""
        if not self.strategy.plan.dp.is_used:
            self._leave_out(number, trainee, record, problem)
            return
        self.stopped.append(trainee.key)
        self.listener.stopped(trainee.name)

    def _note(self, record: Round, failure: Failure) -> None:
        record.failed.append(failure)
        self.listener.failed(failure)


def note_training(part: HospitalRound, record: Round, result: TrainResult) -> None:
    """Enter a hospital's training figures."""
    part.train_loss, part.train_accuracy = result.loss, result.accuracy
    part.train_samples, part.train_steps = result.samples, result.steps
    part.train_seconds = result.seconds
    if spent := result.spent:
        part.noise_multiplier, part.epsilon = spent.noise_multiplier, spent.epsilon
        part.epsilon_one_colluding, part.epsilon_all_but_one = spent.epsilon_one_colluding, spent.epsilon_all_but_one
    # the lowest, not the last one's to arrive, which is another each time
    record.lr = min(record.lr, result.lr) if record.lr else result.lr


def failures_listed(failures: Sequence[Failure]) -> str:
    """Write who failed and why in one clause each."""
    return "; ".join(f"{failure.hospital}: {failure.reason}" for failure in failures) or "nobody answered"
