"""One run from the first message to the last file."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from common.artifacts.external.yardsticks import Yardsticks
from common.artifacts.privacy.spent import ended_sentence, spent_sentence
from common.artifacts.schema import Round, to_json
from common.artifacts.words import model_tested
from common.config.final_model import ALL
from common.config.settings import RunSettings
from common.config.strategies import STRATEGIES
from common.errors import InputError, RunError
from common.metrics.calibration import TemperatureChoice
from common.metrics.familiar.record import Familiarity
from common.model.weights import Arrays
from common.protocol.description import Description
from common.protocol.plan import Plan, plan_of
from common.protocol.postprocess import Chain, chain_of
from server.federation.delivery.known_models import KnownModels, at_start
from server.federation.evaluation_phase import EvaluationPhase, Results
from server.federation.exchange import Exchange, FindNodes, Place, anonymous_nodes
from server.federation.external.finishing import chosen_temperature, familiarity, say_it_is_over
from server.federation.external.yardsticks import cross_matrix, fine_tuning
from server.federation.local_state import LocalStates
from server.federation.overlap import compare_hospitals
from server.federation.participants import Participants, QuorumPolicy
from server.federation.rounds import Rounds
from server.federation.secure.training import SecureTrainingPhase
from server.federation.signed_updates import SignedUpdates
from server.federation.training_phase import TrainingOver, TrainingPhase
from server.federation.update_store import UpdateStore
from server.recording.best_round import is_better
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.recording.kept_updates import KeptUpdates
from server.recording.recorder import Recorder
from server.strategies.aggregator import Aggregator
from server.strategies.registry import make_strategy, quorum

_STEPS = "step:"  # before the names of what the chain's steps keep, beside the strategy's own in the checkpoint


@dataclass(frozen=True)
class Federation:
    """A run that is ready to meet its hospitals.

    Attributes
    ----------
    progress : RunProgress
        Where it starts: the first weights, or a checkpoint.
    listener : Listener
        Hears every event, the recorder included.
    stop : threading.Event
        Ends the run from outside.
    names : mapping of str to str
        Hospital key to name, in configured order.
    find_nodes : callable
        Lists the connected nodes, and which hospital stands behind each.
    public_keys : Path or None
        The centre's folder of the hospitals' public keys; None where they have none, as in a simulation.
    """

    settings: RunSettings
    progress: RunProgress
    recorder: Recorder
    listener: Listener
    stop: threading.Event
    names: Mapping[str, str]
    place: Place
    find_nodes: FindNodes = anonymous_nodes
    public_keys: Path | None = None

    def run(self, grid: Grid) -> None:
        """Describe, train round after round, test the best round, close.

        Raises
        ------
        ProjectError
            If the run cannot go on; the caller writes down why.
        """
        exchange = Exchange(grid, self.stop, self.place, self.listener.waiting, self.find_nodes)
        exchange.on_task = lambda hospital: self.listener.asked(self.names[hospital])
        plan = plan_of(self.settings)
        participants = self._gather(exchange, plan)
        strategy = make_strategy(self.settings.strategy, plan)
        strategy.recall({name: kept for name, kept in self.progress.memory.items() if not name.startswith(_STEPS)})
        linear = STRATEGIES[self.settings.strategy.name].linear
        store = UpdateStore(self.recorder.folder.path if linear else None)
        try:
            rounds = self._rounds(exchange, participants, strategy, store)
            self._train(rounds)
            matrix = cross_matrix(rounds, store, self.progress, self.listener)
        finally:
            store.close()
        temperature, found, tests = self._final(rounds) if plan.train.on == ALL else self._tested(rounds)
        yardsticks = Yardsticks(matrix, fine_tuning(rounds, self.progress, self.listener), tests)
        best_rounds = {name: rounds.local.best_round(name) for name in self.names.values()}
        meta = self.recorder.complete(
            self.progress, participants.descriptions, tests, temperature, best_rounds, yardsticks, found
        )
        self.listener.completed(meta)

    def _tested(self, rounds: Rounds) -> tuple[TemperatureChoice, Familiarity, Results]:
        """Test the best model, once."""
        best, keeps = self.progress.best_round, rounds.strategy.plan.strategy.keeps
        temperature, found = chosen_temperature(rounds, self.progress), familiarity(rounds, self.progress)
        tests, _ = rounds.test(best, self.progress.best_arrays, temperature.applied)
        self.listener.tested(model_tested(self.settings.strategy.name, keeps, best), tests)
        return temperature, found, tests

    def _final(self, rounds: Rounds) -> tuple[TemperatureChoice, Familiarity, Results]:
        """End a run that held no slice back: what a test would say, the run of its recipe has said."""
        found = familiarity(rounds, self.progress, self.recorder.recipe)
        say_it_is_over(rounds, self.progress)
        return TemperatureChoice(), found, {}

    def _gather(self, exchange: Exchange, plan: Plan) -> Participants:
        """Wait for the hospitals; have them describe themselves, and look for slices that two of them hold."""
        settings = self.settings.strategy
        policy = QuorumPolicy(
            quorum(settings, len(self.names)),
            settings.wait_seconds,
            settings.timeout_seconds,
            1 if self.place.simulated else settings.attempts,
        )
        known, check = self.progress.descriptions(), self._check_files
        participants = Participants(exchange, plan, self.names, policy, self.listener, known, check)
        self.listener.phase("describe", self.progress.round)
        present = participants.gather()
        if doubt := self.recorder.doubt:
            self.listener.doubted(doubt)
        if self.settings.data.cross_hospital_check:
            found = compare_hospitals(exchange, plan, self.names, present, settings.timeout_seconds)
            self.listener.compared(found)
        return participants

    def _rounds(
        self, exchange: Exchange, participants: Participants, strategy: Aggregator, store: UpdateStore
    ) -> Rounds:
        plan = strategy.plan
        local = LocalStates(plan, self.progress)
        kept = {name.removeprefix(_STEPS): v for name, v in self.progress.memory.items() if name.startswith(_STEPS)}
        phase = SecureTrainingPhase if plan.privacy.is_secure else TrainingPhase
        training = phase(participants, exchange, strategy, chain_of(plan), store, local, self.listener, kept)
        training.ledger = self.recorder.ledger
        for key, name in self.names.items():
            if self.progress.history and name in self.progress.history[-1].get("stopped", ()):
                training.stopped.append(key)
                self.recorder.stopped(name)
        training.signed = SignedUpdates(self.progress.token, plan.sha256, self.public_keys)
        training.kept = KeptUpdates(self.recorder.folder if self.settings.keep_updates else None)
        evaluation = EvaluationPhase(plan, participants, exchange, self.listener, self.recorder.ledger)
        training.models = evaluation.models = self._known_models(exchange, training.chain)
        return Rounds(training, evaluation, strategy, local)

    def _known_models(self, exchange: Exchange, chain: Chain) -> KnownModels:
        """Let hospitals on machines of their own keep the model; within one machine nothing travels."""
        if exchange.place.simulated:
            return KnownModels()

        def sent_whole(hospital: str) -> None:
            self.listener.sent_whole(self.names[hospital])

        exchange.on_whole = sent_whole
        return KnownModels(at_start(self.names, self.progress), chain.to_hospitals, sent_whole)

    def _train(self, rounds: Rounds) -> None:
        """Do the rounds that are left; each is on disk before the next begins."""
        progress = self.progress
        for number in range(progress.round + 1, self.settings.rounds + 1):
            try:
                arrays, record = rounds.run_round(number, progress.arrays)
            except TrainingOver as over:
                self._end_early(over)
                return
            is_best = advance(progress, arrays, record)
            steps = {f"{_STEPS}{name}": kept for name, kept in rounds.training.memory.items()}
            progress.memory = rounds.strategy.memory() | steps
            self.recorder.save_round(progress)
            self.listener.round_done(record, is_best)
            if spent := spent_sentence(progress.history, self.settings.privacy):
                self.listener.spent(spent)

    def _end_early(self, over: TrainingOver) -> None:
        """Go on to the test with the rounds that there are; raises `RunError` ``RUN022`` if there are none."""
        done, rounds = self.progress.round, self.settings.rounds
        sentence = ended_sentence(done, rounds, over.left, over.needed)
        if not done:
            raise RunError("RUN022", f"{sentence[:-1]}; raise privacy.epsilon, or choose more noise.")
        self.listener.ended_early(sentence)

    def _check_files(self, description: Description) -> None:
        """A run goes on with the files and the counts that it was started with; a new one remembers them."""
        known = self.progress.files.setdefault(description.key, description.files_sha256)
        if known != description.files_sha256:
            raise InputError(
                "RUN004",
                f"The files at {description.name} changed since {self.recorder.folder.run_id} began, so it cannot "
                "go on with the same split; put them back, or start a new run.",
            )
        before = self.progress.descriptions().get(description.key)
        if before and description.differs(before):
            raise InputError(
                "RUN004",
                f"{description.name} describes other slices than when {self.recorder.folder.run_id} began, so it "
                "cannot take part any more; put back what was there, or start a new run.",
            )
        self.progress.described[description.key] = description.to_json()


def advance(progress: RunProgress, arrays: Arrays, record: Round) -> bool:
    """Take a complete round into the progress; return whether it is the best so far."""
    best = progress.best()
    progress.arrays, progress.round = arrays, record.number
    progress.history.append(to_json(record))
    if best is None or is_better(record, best):
        progress.best_arrays, progress.best_round = arrays, record.number
        return True
    return False


def make_server_app(run: Callable[[Grid], None]) -> ServerApp:
    """Wrap a run into Flower's ServerApp."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        run(grid)

    return app
