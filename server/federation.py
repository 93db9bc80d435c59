"""One run from the first message to the last file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from common.artifacts.history import RoundRecord
from common.description import Description
from common.errors import InputError
from common.metrics import figures
from common.plan import plan_of
from common.settings import RunSettings
from common.weights import Arrays
from server.events import Listener
from server.exchange import Exchange
from server.progress import RunProgress
from server.recorder import Recorder
from server.roster import describe_hospitals, members
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
    shares_cores : bool
        Whether the hospitals are simulated on this machine's cores.
    """

    settings: RunSettings
    progress: RunProgress
    recorder: Recorder
    listener: Listener
    stop: threading.Event
    shares_cores: bool = True

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
        exchange = Exchange(grid, self.stop, cores, self.listener.waiting)
        plan = plan_of(settings)
        self.listener.phase("describe", progress.round)
        described = describe_hospitals(
            exchange, plan, settings.hospitals, settings.strategy.wait_seconds, settings.strategy.timeout_seconds
        )
        self._check_files(list(described.values()))
        self.listener.described(list(described.values()))
        roster, starting_order = members(described, cores, settings.compute.threads)
        rounds = Rounds(
            plan=plan,
            members=roster,
            starting_order=starting_order,
            exchange=exchange,
            strategy=make_strategy(settings.strategy),
            quorum=quorum(settings.strategy, len(roster)),
            timeout_seconds=settings.strategy.timeout_seconds,
            listener=self.listener,
        )
        for number in range(progress.round + 1, settings.rounds + 1):
            arrays, record = rounds.run_round(number, progress.arrays)
            is_best = advance(progress, arrays, record)
            self.recorder.save_round(progress)
            self.listener.round_done(record, is_best)
        tests, _ = rounds.test(progress.best_round, progress.best_arrays)
        self.recorder.complete(progress, list(described.values()), tests)
        self.listener.tested(progress.best_round, tests)

    def _check_files(self, descriptions: list[Description]) -> None:
        """A resumed run must find the files it was started with; a new one remembers them."""
        for description in descriptions:
            known = self.progress.files.setdefault(description.key, description.files_sha256)
            if known != description.files_sha256:
                raise InputError(
                    "RUN004",
                    f"The files at {description.name} changed since {self.recorder.folder.run_id} began, so it cannot "
                    "go on with the same split; put them back, or start a new run.",
                )


def advance(progress: RunProgress, arrays: Arrays, record: RoundRecord) -> bool:
    """Take a complete round into the progress; return whether it is the best so far.

    Best is the higher validation accuracy, then the lower loss; a round that fewer hospitals validated is never better,
    since its accuracy is another quantity.
    """
    score = (float(len(record.validated)), figures(record.val_confusion).accuracy, -record.val_loss)
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
