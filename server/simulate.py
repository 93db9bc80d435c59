"""``python -m server.simulate``: the whole federation on one machine, as Flower simulates it.

A simulation is both sides at once, so this module alone of ``server/`` also knows the hospitals' side: it hands each
hospital its folder, and the server none.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from clients.app import make_client_app
from clients.site import Site
from common.artifacts.run_folder import RunFolder, check_writable, new_log, new_run
from common.artifacts.service import offer_for_service
from common.audit.require import require_images
from common.config import load_hospitals, run_main, run_settings
from common.device import available_cores, pick_device
from common.errors import InputError, Interrupted, ProjectError
from common.hospitals import Hospital
from common.model import initial_weights
from common.plan import plan_of
from common.scan import scan_folder
from common.settings import RunSettings
from common.spool import Spool
from common.state import arrays_from_state
from server.engines import inprocess, ray_simulation
from server.events import Listeners
from server.federation import Federation, make_server_app
from server.progress import RunProgress
from server.recorder import Recorder
from server.resume import resumed_settings
from server.run_log import TrainingLog, open_log
from server.screen import Screen
from server.stopping import Stopper


def main() -> None:
    """Run the command line."""
    run_main(simulate, "config")


def simulate(config: DictConfig) -> None:
    """Check everything, then run.

    Raises
    ------
    ProjectError
        With the exit code of the command.
    """
    settings = run_settings(config)
    folder = None
    if settings.resume:
        settings, folder = resumed_settings(settings, list(HydraConfig.get().overrides.task))
    hospitals = load_hospitals(settings.hospitals)
    pick_device(settings.compute.device)
    _require_images(settings, hospitals)
    output_dir = Path(settings.output_dir).resolve()
    check_writable(output_dir)
    settings.compute.cores = settings.compute.cores or available_cores()
    folder = folder or new_run(output_dir)
    with _only_one(folder):
        _run(settings, hospitals, folder)


def _require_images(settings: RunSettings, hospitals: list[Hospital]) -> None:
    """Look, as each hospital would, whether there is anything to train on; better now than when Flower has started."""
    problems = []
    for hospital in hospitals:
        try:
            require_images(scan_folder(Path(settings.data.root) / hospital.path, hospital.class_map))
        except InputError as error:
            problems.append(error)
    if problems:
        raise InputError(problems[0].code, " ".join(problem.sentence for problem in problems))


def _run(settings: RunSettings, hospitals: list[Hospital], folder: RunFolder) -> None:
    """Run in the run's own folder; whatever ends it is written down."""
    console = Console(highlight=False)
    progress = _start_of(settings, folder)
    log = new_log(folder.output_dir)
    open_log(log)
    recorder = Recorder(folder, settings, plan_of(settings), [h.name for h in hospitals], log)
    recorder.start(progress)
    console.print(
        f"[bold]{folder.run_id}[/]  {len(hospitals)} hospitals, {settings.rounds} rounds at "
        f"{settings.data.image_size} px, seed {settings.seed}  [dim]{log}[/]"
    )
    if progress.round:
        console.print(f"going on after round {progress.round}")
    try:
        with tempfile.TemporaryDirectory(prefix="federation-") as spool_folder:
            _federate(settings, hospitals, progress, recorder, console, Spool(Path(spool_folder)))
    except InputError:
        if not progress.round:  # nothing was computed: leave nothing behind
            shutil.rmtree(folder.path)
            shutil.rmtree(log.parent)
        raise
    except ProjectError as error:
        state = "interrupted" if isinstance(error, Interrupted) else "failed"
        command = f"python -m server.simulate resume={folder.run_id} output_dir={settings.output_dir}"
        recorder.end(error, state, command)
        console.print(f"go on with: {command}", soft_wrap=True)
        raise
    console.print(offer_for_service(folder.output_dir, folder.run_id, by="server.simulate"))
    console.print(f"figures, splits and the model are in {folder.path}", soft_wrap=True)


def _federate(
    settings: RunSettings,
    hospitals: list[Hospital],
    progress: RunProgress,
    recorder: Recorder,
    console: Console,
    spool: Spool,
) -> None:
    """Bring the two apps together in the chosen engine."""
    stop = threading.Event()
    names = {hospital.key: hospital.name for hospital in hospitals}
    with Screen(console, settings.rounds, names, spool) as screen, Stopper(stop, spool, console):
        listeners = Listeners([recorder, TrainingLog(), screen])
        federation = Federation(settings, progress, recorder, listeners, stop)
        server_app = make_server_app(federation.run)
        client_app = make_client_app([_site(settings, hospital, spool) for hospital in hospitals])
        if settings.compute.engine == "inprocess":
            inprocess.launch(server_app, client_app, len(hospitals))
        else:
            workers = min(len(hospitals), settings.compute.cores or 1)
            ray_simulation.launch(server_app, client_app, len(hospitals), workers, stop)


def _site(settings: RunSettings, hospital: Hospital, spool: Spool) -> Site:
    """Return what a hospital's own machine would know."""
    data = settings.data
    root, cache = Path(data.root).resolve(), Path(data.cache_dir).resolve()
    return Site(hospital, root, cache, settings.compute.device, spool, explains=True)


def _start_of(settings: RunSettings, folder: RunFolder) -> RunProgress:
    """Return the first weights, or the last complete round."""
    if folder.checkpoint.exists():
        return RunProgress.load(folder.checkpoint)
    return RunProgress(arrays_from_state(initial_weights(settings.model.name, settings.seed)))


class _only_one:
    """Holds a run's lock; the operating system lets go of it when the process dies."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = FileLock(folder.path / ".lock")

    def __enter__(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError("RUN006", f"{self._folder.run_id} is still running in another process.") from None

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


if __name__ == "__main__":
    main()
