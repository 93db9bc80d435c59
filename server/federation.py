"""One run from the first message to the last file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from common.artifacts.history import RoundRecord
from common.description import Description
from common.errors import InputError
from common.metrics import figures
from common.plan import plan_of
from common.run_kind import POOLED_STRATEGY, model_tested
from common.settings import RunSettings
from common.weights import Arrays
from server.cross_check import compare_hospitals
from server.events import Listener
from server.exchange import Exchange
from server.identity import Who, unknown_nodes
from server.keeping import Keeping
from server.parking import Parking
from server.pooled import PooledRounds
from server.progress import RunProgress
from server.recorder import Recorder
from server.roster import Muster, Roster
from server.rounds import Rounds
from server.strategies import make_strategy, quorum


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
        settings, progress = self.settings, self.progress
        cores = (settings.compute.cores or 1) if self.shares_cores else 0
        exchange = Exchange(grid, self.stop, cores, self.listener.waiting, self.who)
        plan = plan_of(settings)
        needed = quorum(settings.strategy, len(self.names))
        how = Muster(
            needed,
            settings.strategy.wait_seconds,
            settings.strategy.timeout_seconds,
            cores,
            settings.compute.threads,
        )
        known = {key: Description.from_json(text) for key, text in progress.described.items()}
        roster = Roster(exchange, plan, self.names, how, self.listener, known, self._check_files)
        self.listener.phase("describe", progress.round)
        present = roster.gather()
        if settings.data.cross_hospital_check:
            wait = settings.strategy.timeout_seconds
            self.listener.compared(compare_hospitals(exchange, plan, self.names, present, wait))
        parking = Parking(self.recorder.folder.path)
        strategy = make_strategy(settings.strategy, plan)
        strategy.recall(progress.memory)
        kind = PooledRounds if settings.strategy.name == POOLED_STRATEGY else Rounds
        rounds = kind(
            plan=plan,
            roster=roster,
            exchange=exchange,
            strategy=strategy,
            quorum=needed,
            attempts=1 if self.shares_cores else settings.strategy.attempts,
            timeout_seconds=settings.strategy.timeout_seconds,
            listener=self.listener,
            parking=parking,
            keeping=Keeping(plan.strategy.keeps, progress, plan.strategy.control_variates),
        )
        try:
            for number in range(progress.round + 1, settings.rounds + 1):
                arrays, record = rounds.run_round(number, progress.arrays)
                is_best = advance(progress, arrays, record)
                progress.memory = strategy.memory()
                self.recorder.save_round(progress)
                self.listener.round_done(record, is_best)
        finally:
            parking.close()
        tests, _ = rounds.test(progress.best_round, progress.best_arrays)
        self.listener.tested(model_tested(settings.strategy.name, plan.strategy.keeps, progress.best_round), tests)
        self.listener.completed(self.recorder.complete(progress, roster.descriptions, tests))

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


def advance(progress: RunProgress, arrays: Arrays, record: RoundRecord) -> bool:
    """Take a complete round into the progress; return whether it is the best so far.

    Best is the higher validation accuracy, then the lower loss; a round at a smaller size, or that fewer hospitals
    validated, is never better, since its accuracy is another quantity.
    """
    accuracy = figures(record.val_confusion).accuracy
    score = (float(record.image_size), float(len(record.validated)), accuracy, -record.val_loss)
    progress.arrays, progress.round = arrays, record.number
    progress.history.append(record.to_json())
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
