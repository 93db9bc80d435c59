"""A round of training with secure aggregation: five questions, and the sum of the updates instead of the updates.

Whoever is lost on the way is left out and named, as in any round; below the threshold nothing is opened, and the round
begins again with new keys. What the hospitals hold the centre to is in `common.secagg.hospital`.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flwr.app import MessageType

from common.artifacts.schema import Round
from common.errors import RunError
from common.metrics.evaluation import TrainResult
from common.model.weights import Arrays, check_update
from common.protocol import names
from common.protocol.bounds import training_problem
from common.protocol.digest import digest_of
from common.protocol.messages import Records, read_training
from common.protocol.postprocess import UnusableAnswer
from common.secagg.centre import Centre, Unopened
from common.secagg.quantise import Quantiser
from common.secagg.refusal import SecureRefusal
from common.secagg.session import Answer, Opening, Question, Session, from_text, to_text
from common.training.optim import highest_rate
from server.federation.exchange import Request
from server.federation.replies import Reply
from server.federation.screening import usable_records
from server.federation.secure.noise import noise_of
from server.federation.secure.summed import Summed
from server.federation.training_phase import Trainee, TrainingPhase, failures_listed

QUERY = f"{MessageType.QUERY}.{names.SECAGG}"
_STEP_SECONDS = 600.0  # for a question without training

log = logging.getLogger("server")


@dataclass
class _Attempt:
    """What one attempt at a round has so far."""

    number: int
    arrays: Arrays
    record: Round
    trainees: dict[str, Trainee]
    centre: Centre
    quantiser: Quantiser


@dataclass
class SecureTrainingPhase(TrainingPhase):
    """Collects the sum of the hospitals' updates, and of no update more than that it is in the sum."""

    _last_attempt: int = 0
    _present: _Attempt | None = None

    def collect(self, number: int, arrays: Arrays, record: Round) -> Summed:
        """Return the mean of a round's updates; below the threshold begin again.

        Raises
        ------
        RunError
            ``RUN010`` below the threshold after the last attempt, ``RUN016`` if the sum is none of trained models.
        TrainingOver
            As `require_budget`.
        """
        policy, problem = self.participants.policy, ""
        for attempt in range(1, policy.attempts + 1):
            before = len(record.failed)
            now = self._begun(number, arrays, record)
            try:
                return self._summed(now)
            except Unopened as error:
                problem = str(error)
            if attempt < policy.attempts:
                self.listener.repeating(number, len(now.centre.survivors), self.quorum)
        raise RunError(
            "RUN010",
            f"Round {number}: the sum of the hospitals' updates was not opened: {problem} "
            f"({failures_listed(record.failed[before:])}).",
        )

    @property
    def fewest(self) -> int:
        """Fewest hospitals that must have privacy budget left: fewer are never summed."""
        return max(super().fewest, self.strategy.plan.privacy.threshold)

    @property
    def quorum(self) -> int:
        """Masked updates that a sum needs."""
        return max(super().quorum, self.strategy.plan.privacy.threshold)

    def _begun(self, number: int, arrays: Arrays, record: Round) -> _Attempt:
        """Set the terms of an attempt; whoever is there, another attempt at the round has the same."""
        trainees = {each.key: each for each in self._trainees(record, self.participants.wait_for_quorum())}
        plan, everybody = self.strategy.plan, self.participants.descriptions
        described = [each.train_samples for each in everybody]
        self._last_attempt = max(self._last_attempt + 1, time.time_ns() // 1_000_000)  # grows over a resume, too
        session = Session(
            token=self.local.to_train("").token,
            round=number,
            attempt=self._last_attempt,
            plan_sha256=plan.sha256,
            model=digest_of(arrays),
            hospitals=tuple(plan.privacy.hospitals),
            threshold=plan.privacy.threshold,
            bits=plan.privacy.bits,  # type: ignore[arg-type]
            total=len(plan.privacy.hospitals) if plan.dp.is_used else sum(described),
            steps=max(map(self._steps, described)),
            noise=noise_of(plan, everybody),
        )
        quantiser = Quantiser.of(arrays, session, plan.train, self._rate(number), plan.dp)
        return _Attempt(number, arrays, record, trainees, Centre(session, quantiser.parts), quantiser)

    def _summed(self, now: _Attempt) -> Summed:
        """Take an attempt through its steps.

        Raises
        ------
        Unopened
            If too few are left at a step.
        """
        centre, session = now.centre, now.centre.session
        self.listener.phase("train", now.number)
        self._step(now, list(now.trainees), Question("advertise", session), self._take_advert)
        _require(centre.adverts, self.quorum, "sent keys")
        keys = Question("share", session, adverts=centre.roster)
        self._step(now, list(centre.adverts), keys, self._take_sealed)
        _require(centre.sealed, self.quorum, "shared them")
        self._train_masked(now)
        self.require_budget()
        _require(centre.survivors, self.quorum, "sent a masked update")
        arrived = Question("survivors", session, survivors=centre.survivors)
        self._step(now, centre.survivors, arrived, self._take_signature)
        _require(centre.signatures, session.threshold, "signed the list of survivors")
        signed = Question("open", session, signatures=centre.signatures)
        self._step(now, list(centre.signatures), signed, self._take_opening)
        _require(centre.openings, session.threshold, "gave shares")
        return self._opened(now)

    def _step(
        self, now: _Attempt, hospitals: Sequence[str], question: Question, take: Callable[[_Attempt, str, Answer], None]
    ) -> None:
        """Ask hospitals one thing; who does not answer as it must is left out and named."""
        records: Records = {
            names.CONFIG: {names.PLAN: self.strategy.plan.to_json()},
            names.SECAGG: {names.JSON: to_text(question)},
        }
        requests = [Request(key, now.trainees[key].member.node, QUERY, records) for key in hospitals]
        timeout = min(self.participants.policy.timeout_seconds, _STEP_SECONDS)
        for request, reply in self.exchange.ask(requests, timeout):
            try:
                take(now, request.hospital, _answer_of(reply, timeout))
            except (UnusableAnswer, Unopened) as problem:
                self._leave_out(now.number, now.trainees[request.hospital], now.record, str(problem))

    def _take_advert(self, now: _Attempt, key: str, said: Answer) -> None:
        if said.advert is None or said.advert.hospital != key:
            raise Unopened("it sent no keys of its own")
        now.centre.adverts[key] = said.advert

    def _take_sealed(self, now: _Attempt, key: str, said: Answer) -> None:
        now.centre.take_sealed(key, said.sealed)

    def _take_signature(self, now: _Attempt, key: str, said: Answer) -> None:
        now.centre.take_signature(key, said.signature)

    def _take_opening(self, now: _Attempt, key: str, said: Answer) -> None:
        now.centre.openings[key] = said.opening or Opening({}, {})

    def _train_masked(self, now: _Attempt) -> None:
        """Let those that shared their secrets train; add up what they send."""
        self._present = now
        secure = {
            key: to_text(Question("mask", now.centre.session, sealed=now.centre.sealed_for(key)))
            for key in now.centre.shared
        }
        trainees = [now.trainees[key] for key in now.trainees if key in secure]
        self._ask(now.number, now.arrays, now.record, trainees, secure)

    def _usable_update(
        self, number: int, trainee: Trainee, reply: Reply | None, arrays: Arrays
    ) -> tuple[Arrays, TrainResult]:
        """Add a masked update to the sum; nothing of it is kept."""
        assert self._present is not None
        records = usable_records(reply, self.participants.policy.timeout_seconds, trainee.member.description)
        result = read_training(records, trainee.samples, self.strategy.plan.dp)
        sent = dict(records[names.ARRAYS])
        self.accepted[trainee.key] = self.signed.check(number, trainee.key, trainee.samples, sent, records)
        try:
            self._present.centre.take_masked(trainee.key, sent)
        except Unopened as problem:
            raise UnusableAnswer(str(problem)) from None
        return {}, result

    def _opened(self, now: _Attempt) -> Summed:
        """Take the masks off, and check the mean as each update was checked at its hospital."""
        centre, number = now.centre, now.number
        total, keys = centre.opened(), centre.survivors
        samples = {key: 1 if centre.session.noise else now.trainees[key].samples for key in keys}
        mean = now.quantiser.decode(total, samples, {key: now.trainees[key].steps for key in keys})
        if problem := self._problem(now, mean):
            raise RunError(
                "RUN016",
                f"Round {number}: the mean of {', '.join(now.trainees[key].name for key in keys)} is none that "
                f"training can make ({problem}), and with privacy=secagg nobody can say whose update it is.",
            )
        bound = now.quantiser.error(len(keys), sum(samples.values()))
        log.info(
            "round %d: the sum of %d masked updates was opened; no weight of their mean is off by more than %.1e",
            number,
            len(keys),
            bound,
        )
        now.record.replied = [now.trainees[key].name for key in keys]
        return Summed(keys, list(samples.values()), lambda: iter(()), mean=mean)

    def _problem(self, now: _Attempt, mean: Arrays) -> str | None:
        """Say what of a mean training cannot have made; its counters were not sent.

        With noise the ring itself is hardly wider than what hospitals may send.
        """
        if now.centre.session.noise:
            return check_update(now.arrays, mean)
        measured = {name: now.arrays[name] for name in now.quantiser.steps}
        rates = [self._rate(now.number)] * now.centre.session.steps
        found = {name: mean[name] for name in measured}
        return check_update(measured, found) or training_problem(measured, found, self.strategy.plan.train, rates)

    def _rate(self, number: int) -> float:
        """Return the highest learning rate of a round."""
        plan = self.strategy.plan
        return highest_rate(plan.train, number, plan.rounds, plan.dp)


def _answer_of(reply: Reply | None, timeout_seconds: float) -> Answer:
    records = usable_records(reply, timeout_seconds)
    try:
        return from_text(records.get(names.SECAGG, {}).get(names.JSON, ""), Answer)
    except SecureRefusal:
        raise UnusableAnswer("its answer is none of secure aggregation") from None


def _require(found: Sequence[str] | Mapping[str, object], needed: int, did: str) -> None:
    if len(found) < needed:
        raise Unopened(f"{len(found)} hospitals {did}, and {needed} are needed")
