"""The Flower ServerApp of a federation on separate machines; ``python -m server.run`` and ``flwr run`` submit it.

It composes the settings on the centre's machine from the same overrides that ``server.simulate`` takes, and runs the
same federation.
"""

import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import httpx
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.run import RunNotRunningException
from rich.console import Console

from common.artifacts.layout import RunFolder
from common.config.hydra import compose_settings, load_hospitals
from common.config.partition import refuse_parts
from common.config.settings import RunSettings
from common.config.strategies import refuse_pooled
from common.errors import Interrupted, ProjectError
from common.parent import leave_with_parent
from server.centre.layout import CENTRE_VARIABLE, LAST_WORD, SIGNERS_VARIABLE, Centre, with_credentials
from server.engines.superlink import guarded, registered_nodes
from server.federation.exchange import Place
from server.federation.external.evaluation import Evaluation
from server.federation.external.job import EvaluationJob, run_evaluation
from server.federation.external.reference import read_models
from server.federation.federation import Federation
from server.federation.lifecycle import Job, run_job
from server.recording.checkpoint import RunProgress
from server.recording.evaluation_settings import evaluation_settings
from server.recording.evaluation_terminal import EvaluationTerminal
from server.recording.evaluations import EvaluationRecorder
from server.recording.events import Listeners
from server.recording.live import LiveRecorder
from server.recording.log import TrainingLog
from server.recording.recorder import Recorder
from server.recording.resume import resumed_settings
from server.recording.terminal import Terminal

PROGRAM = "server.run"
_WIDTH = 110

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run one federation for the SuperLink that started this process."""
    console = Console(file=sys.stdout, width=_WIDTH, highlight=False)
    logging.getLogger("flwr").addFilter(_in_one_line)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    leave_with_parent()
    try:
        overrides = shlex.split(str(context.run_config.get("overrides", "")))
        if evaluates := str(context.run_config.get("evaluates", "")):
            _evaluate(grid, evaluates, overrides, console)
        else:
            _run(grid, overrides, console)
    except ProjectError as error:
        console.print(f"error {error}", soft_wrap=True, markup=False)
        console.print(f"{LAST_WORD} {error.exit_code}")
        raise
    console.print(f"{LAST_WORD} 0")


def _run(grid: Grid, overrides: list[str], console: Console) -> None:
    settings = compose_settings(overrides)
    folder: RunFolder | None = None
    if settings.resume:
        settings, folder = resumed_settings(settings, overrides)
    refuse_pooled(settings.strategy.name)
    refuse_parts(settings.hospitals)
    hospitals = load_hospitals(settings.hospitals)

    def work(progress: RunProgress, recorder: Recorder) -> None:
        _federate(grid, settings, progress, recorder, console)

    centre = _folder(CENTRE_VARIABLE)
    program = with_credentials(PROGRAM, centre) if centre else PROGRAM  # what a resume is started with
    key = Centre(centre).ledger_key if centre else None
    run_job(Job(settings, hospitals, folder, program, "superlink", key), console, work)


def _federate(grid: Grid, settings: RunSettings, progress: RunProgress, recorder: Recorder, console: Console) -> None:
    names = {hospital.key: hospital.name for hospital in load_hospitals(settings.hospitals)}
    with (
        Terminal(console, settings.rounds, names) as terminal,
        LiveRecorder(recorder, names) as live,
    ):
        listeners = Listeners([recorder, TrainingLog(), terminal, live])
        place = Place(simulated=False, threads=settings.compute.threads)
        federation = Federation(
            settings,
            progress,
            recorder,
            listeners,
            threading.Event(),
            names,
            place,
            registered_nodes,
            _folder(SIGNERS_VARIABLE),
        )
        _to_the_end(federation.run, grid)


def _evaluate(grid: Grid, run_id: str, overrides: list[str], console: Console) -> None:
    settings, folder = evaluation_settings(run_id, overrides)
    hospitals, model = load_hospitals(settings.hospitals, fewest=1), read_models(settings, folder)
    names = {hospital.key: hospital.name for hospital in hospitals}

    def work(recorder: EvaluationRecorder) -> None:
        with EvaluationTerminal(console, 1, names) as terminal:
            listeners = Listeners([recorder, TrainingLog(), terminal])
            place = Place(simulated=False, threads=settings.compute.threads)
            stop = threading.Event()
            evaluation = Evaluation(settings, model, recorder, listeners, stop, names, place, registered_nodes)
            _to_the_end(evaluation.run, grid)

    run_evaluation(EvaluationJob(settings, hospitals, model, "superlink"), console, work)


def _to_the_end(task: Callable[[Grid], None], grid: Grid) -> None:
    """Do what is to be done with the hospitals; a stop from outside, however it is heard of, is one error."""
    try:
        task(guarded(grid))
    except RunNotRunningException:
        raise Interrupted("RUN130", "The run was stopped.") from None
    except httpx.HTTPStatusError as error:  # its token ended with the run, and another thread heard so first
        if error.response.status_code != httpx.codes.UNAUTHORIZED:
            raise
        raise Interrupted("RUN130", "The run was stopped.") from None
    finally:
        _heed_no_signal()  # Flower sends one for each thread that hears of the stop; the end is being written down


def _folder(variable: str) -> Path | None:
    """Return what the SuperLink's process says of the centre's folders; nothing where somebody else started it."""
    given = os.environ.get(variable)
    return Path(given) if given else None


def _stop(number: int, frame: FrameType | None) -> None:
    """Leave at once, wherever the ServerApp waits; the last complete round is on disk."""
    _heed_no_signal()
    raise Interrupted("RUN130", "The run was stopped, or its SuperLink ended.")


def _heed_no_signal() -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)


def _in_one_line(record: logging.LogRecord) -> bool:
    """Flower logs what a ServerApp raises with a traceback; what a person can act on gets one line."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ProjectError):
        record.exc_info, record.msg, record.args = None, str(error), None
    return True
