"""A whole federation on one machine, in the engine that is chosen."""

import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from rich.console import Console

from common.artifacts.external.finished import FinishedModel
from common.artifacts.layout import RunFolder
from common.config.hospital import Hospital
from common.config.settings import BITWISE_CODINGS, RunSettings, WirePlan
from common.errors import InputError
from common.files import absolute
from common.keys import load_shared_key, new_shared_key
from common.protocol.progress_channel import ProgressChannel
from common.training.device import available_cores, pick_device
from server.engines.stopping import Stopper
from server.federation.exchange import Place
from server.federation.external.evaluation import Evaluation, looks_for_copies
from server.federation.external.job import EvaluationJob, run_evaluation
from server.federation.federation import Federation, make_server_app
from server.federation.lifecycle import Job, run_job
from server.recording.checkpoint import RunProgress
from server.recording.evaluation_terminal import EvaluationTerminal
from server.recording.evaluations import EvaluationRecorder
from server.recording.events import Listeners
from server.recording.live import LiveRecorder
from server.recording.log import TrainingLog
from server.recording.recorder import Recorder
from server.recording.stale_runs import CHANNEL
from server.recording.terminal import Terminal

HospitalsSide = Callable[[ProgressChannel, Path | None], Any]
"""Makes Flower's ClientApp that answers for every hospital, with the hospitals' shared key."""


def run(
    settings: RunSettings, hospitals: Sequence[Hospital], folder: RunFolder | None, hospitals_side: HospitalsSide
) -> None:
    """Run a federation, from the beginning or, with a folder, from where it stopped.

    Raises
    ------
    ProjectError
        With the exit code of the command.
    """
    console = _prepared(settings)
    if settings.wire.name in BITWISE_CODINGS:  # nothing travels here, and the bits are the same
        settings.wire = WirePlan()
    job = Job(settings, hospitals, folder, "server.simulate", settings.compute.engine)

    def work(progress: RunProgress, recorder: Recorder) -> None:
        with tempfile.TemporaryDirectory(prefix=CHANNEL, dir=recorder.folder.path) as channel_folder:
            channel = ProgressChannel(Path(channel_folder))
            _federate(settings, hospitals, progress, recorder, console, channel, hospitals_side)

    run_job(job, console, work)


def evaluate(
    settings: RunSettings, hospitals: Sequence[Hospital], model: FinishedModel, hospitals_side: HospitalsSide
) -> None:
    """Evaluate a finished model; raises as `run`."""
    console = _prepared(settings)
    names = {hospital.key: hospital.name for hospital in hospitals}

    def work(recorder: EvaluationRecorder) -> None:
        stop = threading.Event()
        with tempfile.TemporaryDirectory(prefix=CHANNEL) as folder:
            channel = ProgressChannel(Path(folder))
            with EvaluationTerminal(console, 1, names, channel) as terminal, Stopper(stop, channel, console):
                listeners = Listeners([recorder, TrainingLog(), terminal])
                place = place_of(settings)
                evaluation = Evaluation(settings, model, recorder, listeners, stop, names, place)
                needed = looks_for_copies(settings, model, names)
                key = _shared_key(absolute(settings.data.cache_dir), channel.folder) if needed else None
                client_app = hospitals_side(channel, key)
                _launch(settings, evaluation.run, client_app, len(hospitals), listeners, channel, stop)

    run_evaluation(EvaluationJob(settings, hospitals, model, settings.compute.engine), console, work)


def _prepared(settings: RunSettings) -> Console:
    """Find out what this machine has."""
    pick_device(settings.compute.device)
    settings.compute.cores = settings.compute.cores or available_cores()
    return Console(highlight=False, file=sys.stdout)  # bound: what Ray prints goes elsewhere


def _federate(
    settings: RunSettings,
    hospitals: Sequence[Hospital],
    progress: RunProgress,
    recorder: Recorder,
    console: Console,
    channel: ProgressChannel,
    hospitals_side: HospitalsSide,
) -> None:
    """Bring the two apps together in the chosen engine."""
    stop = threading.Event()
    names = {hospital.key: hospital.name for hospital in hospitals}
    with (
        Terminal(console, settings.rounds, names, channel) as terminal,
        Stopper(stop, channel, console),
        LiveRecorder(recorder, names, channel, stop) as live,
    ):
        listeners = Listeners([recorder, TrainingLog(), terminal, live])
        federation = Federation(settings, progress, recorder, listeners, stop, names, place_of(settings))
        cache_dir = absolute(settings.data.cache_dir)
        needed = settings.data.cross_hospital_check or settings.privacy.is_secure
        key = _shared_key(cache_dir, channel.folder) if needed else None
        client_app = hospitals_side(channel, key)
        _launch(settings, federation.run, client_app, len(hospitals), listeners, channel, stop)


def _launch(
    settings: RunSettings,
    task: Callable[[Any], None],
    client_app: Any,
    hospitals: int,
    listeners: Listeners,
    channel: ProgressChannel,
    stop: threading.Event,
) -> None:
    """Run the server's task and the hospitals in the chosen engine."""
    server_app = make_server_app(task)
    if settings.compute.engine == "inprocess":
        from server.engines import inprocess

        channel.on_tell = listeners.waiting
        inprocess.launch(server_app, client_app, hospitals)
    else:
        from server.engines import ray

        ray.launch(server_app, client_app, hospitals, min(hospitals, settings.compute.cores or 1), stop)


def place_of(settings: RunSettings) -> Place:
    """Return what this machine gives the hospitals; in one process they work one after another, with every core."""
    cores, threads = settings.compute.cores or 1, settings.compute.threads
    return Place(True, cores, threads or (cores if settings.compute.engine == "inprocess" else None))


def _shared_key(cache_dir: Path, folder: Path) -> Path:
    """Return the key that hospitals would give each other.

    It stays beside the decoded slices, so that the next simulation finds the fingerprints that were made with it. Where
    nothing can be kept there, it is made for this run, in `folder`.
    """
    path = cache_dir / "simulation.key"
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists():
                new_shared_key(path)
            load_shared_key(path)
    except (OSError, InputError):
        path = folder / "shared.key"
        new_shared_key(path)
    return path
