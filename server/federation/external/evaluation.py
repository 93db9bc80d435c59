"""A finished run's model goes to hospitals, and each says in counts how it does on its slices; nothing is trained."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flwr.serverapp import Grid

from common.artifacts.external.finished import FinishedModel
from common.config.dp import DpPlan
from common.config.external import EvaluationPlan, YardstickPlan
from common.config.privacy import PrivacyPlan
from common.config.settings import RunSettings, WirePlan
from common.config.strategies import StrategyPlan
from common.errors import InputError, RunError
from common.protocol.codec import pack
from common.protocol.description import Description
from common.protocol.digest import digest_of
from common.protocol.messages import LocalStateRef
from common.protocol.plan import Plan, plan_of
from server.federation.evaluation_phase import EvaluationPhase
from server.federation.exchange import Exchange, FindNodes, Place, anonymous_nodes
from server.federation.external.reference import other_split
from server.federation.overlap import compare_hospitals
from server.federation.participants import Participants, QuorumPolicy
from server.federation.training_phase import failures_listed
from server.recording.evaluations import EvaluationRecorder
from server.recording.events import Listener


def evaluation_plan(settings: RunSettings, model: FinishedModel) -> Plan:
    """Return what hospitals are told: the run's own split and sizes, the one model or two, and who trained them."""
    plan, other = plan_of(settings), model.reference
    beside = (digest_of(other.arrays), other.token) if other else ("", "")
    return replace(
        plan,
        strategy=StrategyPlan(),
        wire=WirePlan(),
        privacy=PrivacyPlan(),
        dp=DpPlan(),
        evaluation=EvaluationPlan(digest_of(model.arrays), model.token, trained_by(model), *beside),
        yardsticks=YardstickPlan(),
    )


def trained_by(model: FinishedModel) -> list[str]:
    """Return the keys of the hospitals that trained the model, or the one that it is compared with."""
    return list(dict.fromkeys([*model.hospitals, *(model.reference.hospitals if model.reference else ())]))


def looks_for_copies(settings: RunSettings, model: FinishedModel, keys: Iterable[str]) -> bool:
    """Tell whether a hospital that trained the model is there, with whose slices the others' can be compared."""
    trained = trained_by(model)
    known = [key in trained for key in keys]
    return settings.data.cross_hospital_check and any(known) and not all(known)


@dataclass(frozen=True)
class Evaluation:
    """An evaluation that is ready to meet its hospitals; the fields are as those of `Federation`."""

    settings: RunSettings
    model: FinishedModel
    recorder: EvaluationRecorder
    listener: Listener
    stop: threading.Event
    names: Mapping[str, str]
    place: Place
    find_nodes: FindNodes = anonymous_nodes

    def run(self, grid: Grid) -> None:
        """Gather, evaluate, write.

        Raises
        ------
        RunError
            ``RUN011`` too few hospitals are there, ``RUN013`` too few could evaluate the model.
        InputError
            ``MODEL005`` a hospital that trained a model has other slices now, ``MODEL009`` it was split otherwise when
            it trained the model to compare with.
        """
        plan, strategy = evaluation_plan(self.settings, self.model), self.settings.strategy
        exchange = Exchange(grid, self.stop, self.place, self.listener.waiting, self.find_nodes)
        quorum = strategy.min_hospitals or max(1, len(self.names) - 1)
        policy = QuorumPolicy(quorum, strategy.wait_seconds, strategy.timeout_seconds)
        participants = Participants(exchange, plan, self.names, policy, self.listener, {}, self._check)
        self.listener.phase("describe", 0)
        present = participants.gather()
        if looks_for_copies(self.settings, self.model, self.names):
            timeout = strategy.timeout_seconds
            self.listener.compared(compare_hospitals(exchange, plan, self.names, present, timeout))
        model = self.model
        reference = pack(model.reference.arrays) if model.reference else {}
        phase = EvaluationPhase(plan, participants, exchange, self.listener, reference=reference)
        tests, failures = phase.run(model.best_round, model.arrays, "test", _nothing_kept, model.temperature)
        if len(tests) < quorum:
            raise RunError(
                "RUN013",
                f"{len(tests)} of {len(self.names)} hospitals could evaluate the model of {model.run_id}, and {quorum} "
                f"are needed ({failures_listed(failures)}).",
            )
        self.listener.tested(f"model of {model.run_id}", tests)
        self.listener.completed(self.recorder.complete(participants.descriptions, plan, tests))

    def _check(self, said: Description) -> None:
        """A hospital that trained a model must be split as it was then, or what it trained on would be tested."""
        for model in filter(None, (self.model, self.model.reference)):
            before = model.hospitals.get(said.key)
            if before is None:
                continue
            same_files = (said.files_sha256, said.file_count) == (before.files_sha256, before.file_count)
            same_test = said.test_idx == list(before.test)
            if same_files and not same_test and model is self.model.reference:
                raise other_split(said.name, model.run_id, self.model.run_id)
            if not (same_files and same_test):
                raise InputError(
                    "MODEL005",
                    f"The slices at {said.name} are not those that {model.run_id} was trained with, so nobody can "
                    "tell which of them it was trained on; put them back, or leave that hospital out.",
                )


def _nothing_kept(name: str) -> LocalStateRef:
    return LocalStateRef()
