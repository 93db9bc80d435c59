"""A run from its folder to its last word, whoever carries the messages: simulation and separate machines share this."""

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from common.artifacts.external.recipe import Recipe, recipe_of
from common.artifacts.external.words import descent
from common.artifacts.layout import RunFolder, check_writable, new_log, new_run
from common.artifacts.ledger.check import ledger_gone, no_ledger_before
from common.artifacts.service import offer_for_service
from common.artifacts.update_words import instead_of_comparing, private_network, protection
from common.artifacts.words import no_shared_model, notice
from common.config.hospital import Hospital
from common.config.partition import cut_sentence
from common.config.settings import RunSettings
from common.errors import InputError, Interrupted, ProjectError, RunError
from common.files import absolute
from common.model.local_layers import travelling
from common.protocol.plan import plan_of
from server.federation.external.pretraining import shown
from server.federation.external.warm_start import Start, initial_model
from server.recording.checkpoint import RunProgress
from server.recording.ledger import Ledger, take_up
from server.recording.log import open_log
from server.recording.recorder import Recorder
from server.recording.signing import key_for_new
from server.recording.stale_runs import resume_command, sweep_run, sweep_stale

Work = Callable[[RunProgress, Recorder], None]


@dataclass(frozen=True)
class Job:
    """What is to be run, and by which program."""

    settings: RunSettings
    hospitals: Sequence[Hospital]  # in configured order
    folder: RunFolder | None  # of the run to go on with; None takes a new number
    program: str  # what a resume is to be started with, such as "server.simulate"; flags may follow
    engine: str  # what carries the messages, for status.json
    centre_key: Path | None = None  # by which the centre signs ledgers; a simulation has one in its output folder


def run_job(job: Job, console: Console, work: Work) -> None:
    """Run in the run's own folder; whatever ends it is written down.

    Parameters
    ----------
    work : callable
        Brings server and hospitals together, from the progress so far.

    Raises
    ------
    ProjectError
        With the exit code of the command.
    """
    if job.settings.compare:
        raise InputError("CONF010", "compare is of python -m server.evaluate alone; leave it out of a run.")
    output_dir = absolute(job.settings.output_dir)
    check_writable(output_dir)
    first, recipe = None, recipe_of(job.settings)
    if not (job.folder and os.path.lexists(job.folder.checkpoint)):
        with shown(console) as tell:
            first = initial_model(job.settings, tell)  # refused, or stopped, before there is a folder
    sweep_stale(output_dir)
    key = key_for_new(output_dir, job.centre_key)
    folder = job.folder or new_run(output_dir)
    lock = FileLock(folder.path / ".lock")  # the operating system lets go of it when the process dies
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError("RUN006", f"{folder.run_id} is still running in another process.") from None
    try:
        found = take_up(folder, job.centre_key) if job.folder else None
        _run(job, folder, console, work, found or Ledger(folder, key), first, recipe)
    finally:
        if folder.path.is_dir():
            sweep_run(folder)
        lock.release()


def _run(
    job: Job,
    folder: RunFolder,
    console: Console,
    work: Work,
    ledger: Ledger,
    first: Start | None,
    recipe: Recipe | None,
) -> None:
    settings = job.settings
    progress = _start_of(settings, folder, ledger, first)
    if progress.round and not ledger.first:
        console.print(no_ledger_before(folder.run_id, progress.round), soft_wrap=True)
    log = new_log(folder.output_dir)
    open_log(log)
    recorder = Recorder(folder, settings, plan_of(settings), [h.name for h in job.hospitals], log, ledger, recipe)
    recorder.status.engine = job.engine
    recorder.resume_command = resume_command(job.program, folder, job.settings.output_dir)
    recorder.start(progress)
    _announce(job, folder, log, progress, console)
    try:
        work(progress, recorder)
    except InputError as error:
        if progress.round:
            _end(job, folder, recorder, error, console)
        else:  # nothing was computed: leave nothing behind
            shutil.rmtree(folder.path)
            shutil.rmtree(log.parent)
        raise
    except ProjectError as error:
        _end(job, folder, recorder, error, console)
        raise
    except Exception as error:
        fault = RunError("RUN020", f"The run broke off ({type(error).__name__}: {error}); the log says more.")
        _end(job, folder, recorder, fault, console)
        raise
    if own := no_shared_model(plan_of(settings).strategy.keeps):
        console.print(own, soft_wrap=True)
    elif settings.in_service:
        console.print(offer_for_service(folder.output_dir, folder.run_id, by=job.program.partition(" ")[0]))
    what = "figures and splits" if own else "figures, splits and the model"
    console.print(f"{what} are in {folder.path}", soft_wrap=True, markup=False)


def _announce(job: Job, folder: RunFolder, log: Path, progress: RunProgress, console: Console) -> None:
    """Say what begins, and loudly what its figures are not."""
    settings = job.settings
    console.print(
        f"[bold]{folder.run_id}[/]  {settings.strategy.name}, {len(job.hospitals)} hospitals, {settings.rounds} rounds "
        f"at {settings.data.image_size} px, seed {settings.seed}  [dim]{log}[/]"
    )
    cut = cut_sentence(settings.hospitals, settings.partition)
    if warning := notice(settings.strategy.name, cut, settings.figures_of):
        console.print(f"[bold yellow]{warning}[/]", soft_wrap=True)
        logging.getLogger("server").warning(warning)
    if network := private_network(settings.privacy, settings.model.name):
        console.print(network, style="dim", soft_wrap=True)
        logging.getLogger("server").info(network)
    if advice := protection(settings.strategy.name, len(job.hospitals)):
        console.print(advice, style="dim", soft_wrap=True)
    if instead := instead_of_comparing(settings.privacy):
        console.print(instead, style="dim", soft_wrap=True)
    if progress.origin:
        console.print(descent(progress.origin), soft_wrap=True, highlight=False)
        logging.getLogger("server").info(descent(progress.origin))
    if progress.round:
        console.print(f"going on after round {progress.round}")


def _end(job: Job, folder: RunFolder, recorder: Recorder, error: ProjectError, console: Console) -> None:
    """Write down why, and how to go on."""
    state = "interrupted" if isinstance(error, Interrupted) else "failed"
    console.print(f"go on with: {recorder.resume_command}", soft_wrap=True, markup=False)
    recorder.end(error, state, recorder.resume_command)


def _start_of(settings: RunSettings, folder: RunFolder, ledger: Ledger, first: Start | None) -> RunProgress:
    """Return the first weights, as far as they travel, or the last complete round; ledger and run share a token."""
    if first is None:
        progress = RunProgress.load(folder.checkpoint)
        if progress.ledger and not ledger.first:
            raise ledger_gone(folder)
    else:
        arrays, origin = first
        progress = RunProgress(travelling(plan_of(settings).strategy.keeps, arrays), origin=origin)
        progress.token = ledger.token or progress.token
    ledger.token = progress.token
    return progress
