"""One run from the first message to the last file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from common.artifacts.schema import Round, to_json
from common.artifacts.words import model_tested
from common.config.settings import RunSettings
from common.config.strategies import POOLED_STRATEGY
from common.errors import InputError
from common.model.weights import Arrays
from common.protocol.messages import Description
from common.protocol.plan import Plan, plan_of
from server.federation.exchange import Exchange, Who, unknown_nodes
from server.federation.local_state import Keeping
from server.federation.overlap import compare_hospitals
from server.federation.participants import Muster, Roster
from server.federation.pooled import PooledRounds
from server.federation.rounds import Rounds
from server.federation.update_store import Parking
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.recording.recorder import Recorder
from server.strategies.combining import Combining
from server.strategies.registry import make_strategy, quorum


@dataclass(frozen=True)
class Federation:
    """A run that is ready to meet its hospitals.

    Attributes
    ----------
    settings : RunSettings
        Resolved: `ComputeSettings.cores` is a number.
    progress : RunProgress
        Where it starts: the first weights, or a checkpoint.
    recorder : Recorder
        Writes the artifacts.
    listener : Listener
        Hears every event, the recorder included.
    stop : threading.Event
        Ends the run from outside.
    names : mapping of str to str
        Hospital key to name, in configured order.
    shares_cores : bool
        Whether the hospitals are simulated on this machine's cores.
    who : Who
        Which hospital stands behind a node.
    """

    settings: RunSettings
    progress: RunProgress
    recorder: Recorder
    listener: Listener
    stop: threading.Event
    names: Mapping[str, str]
    shares_cores: bool = True
    who: Who = unknown_nodes

    def run(self, grid: Grid) -> None:
        """Describe, train round after round, test the best round, close.

        Parameters
        ----------
        grid : Grid
            Flower's line to the hospitals.

        Raises
        ------
        ProjectError
            If the run cannot go on; the caller writes down why.
        """
        cores = (self.settings.compute.cores or 1) if self.shares_cores else 0
        exchange = Exchange(grid, self.stop, cores, self.listener.waiting, self.who)
        plan = plan_of(self.settings)
        roster = self._gather(exchange, plan, cores)
        strategy = make_strategy(self.settings.strategy, plan)
        strategy.recall(self.progress.memory)
        parking = Parking(self.recorder.folder.path)
        try:
            rounds = self._rounds(exchange, plan, roster, strategy, parking)
            self._train(rounds, strategy)
        finally:
            parking.close()
        tests, _ = rounds.test(self.progress.best_round, self.progress.best_arrays)
        tested = model_tested(self.settings.strategy.name, plan.strategy.keeps, self.progress.best_round)
        self.listener.tested(tested, tests)
        keeping = Keeping(plan.strategy.keeps, self.progress)
        best = {name: keeping.best_round(name) for name in self.names.values()}
        meta = self.recorder.complete(self.progress, roster.descriptions, tests, keeping.temperature, best)
        self.listener.completed(meta)

    def _gather(self, exchange: Exchange, plan: Plan, cores: int) -> Roster:
        """Wait for the hospitals; have them describe themselves, and look for slices that two of them hold."""
        strategy, compute = self.settings.strategy, self.settings.compute
        every_core = cores if compute.engine == "inprocess" else None  # there one hospital works after another
        how = Muster(
            quorum(strategy, len(self.names)),
            strategy.wait_seconds,
            strategy.timeout_seconds,
            cores,
            compute.threads or every_core,
        )
        known = {key: Description.from_json(text) for key, text in self.progress.described.items()}
        roster = Roster(exchange, plan, self.names, how, self.listener, known, self._check_files)
        self.listener.phase("describe", self.progress.round)
        present = roster.gather()
        if self.settings.data.cross_hospital_check:
            found = compare_hospitals(exchange, plan, self.names, present, strategy.timeout_seconds)
            self.listener.compared(found)
        return roster

    def _rounds(self, exchange: Exchange, plan: Plan, roster: Roster, strategy: Combining, parking: Parking) -> Rounds:
        settings = self.settings.strategy
        kind = PooledRounds if settings.name == POOLED_STRATEGY else Rounds
        return kind(
            plan=plan,
            roster=roster,
            exchange=exchange,
            strategy=strategy,
            quorum=quorum(settings, len(self.names)),
            attempts=1 if self.shares_cores else settings.attempts,
            timeout_seconds=settings.timeout_seconds,
            listener=self.listener,
            parking=parking,
            keeping=Keeping(plan.strategy.keeps, self.progress, plan.strategy.control_variates),
        )

    def _train(self, rounds: Rounds, strategy: Combining) -> None:
        """Do the rounds that are left; each is on disk before the next begins."""
        progress = self.progress
        for number in range(progress.round + 1, self.settings.rounds + 1):
            arrays, record = rounds.run_round(number, progress.arrays)
            is_best = advance(progress, arrays, record)
            progress.memory = strategy.memory()
            self.recorder.save_round(progress)
            self.listener.round_done(record, is_best)

    def _check_files(self, description: Description) -> None:
        """A resumed run must find the files it was started with; a new one remembers them."""
        known = self.progress.files.setdefault(description.key, description.files_sha256)
        if known != description.files_sha256:
            raise InputError(
                "RUN004",
                f"The files at {description.name} changed since {self.recorder.folder.run_id} began, so it cannot "
                "go on with the same split; put them back, or start a new run.",
            )
        self.progress.described[description.key] = description.to_json()


def advance(progress: RunProgress, arrays: Arrays, record: Round) -> bool:
    """Take a complete round into the progress; return whether it is the best so far.

    Best is the higher validation accuracy, then the lower loss; a round at a smaller size, or that fewer hospitals
    validated, is never better, since its accuracy is another quantity.
    """
    accuracy, loss = record.val_accuracy or 0.0, record.val_loss or 0.0
    score = (float(record.image_size or 0), float(len(record.validated)), accuracy, -loss)
    progress.arrays, progress.round = arrays, record.number
    progress.history.append(to_json(record))
    if score > progress.best_score or not progress.best_round:
        progress.best_arrays, progress.best_round, progress.best_score = arrays, record.number, score
        return True
    return False


def make_server_app(run: Callable[[Grid], None]) -> ServerApp:
    """Wrap a run into Flower's ServerApp."""
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        run(grid)

    return app
