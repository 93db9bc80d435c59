"""An evaluation from its settings to its last word, whoever carries the messages."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console

from common.artifacts.external.finished import FinishedModel
from common.artifacts.layout import EvaluationFolder, check_writable, new_evaluation
from common.config.hospital import Hospital
from common.config.settings import RunSettings
from common.errors import InputError, Interrupted, RunError
from common.files import absolute
from common.labels import SYNTHETIC
from server.recording.evaluations import EvaluationRecorder
from server.recording.log import open_log

Work = Callable[[EvaluationRecorder], None]


@dataclass(frozen=True)
class EvaluationJob:
    """What is to be evaluated, and where."""

    settings: RunSettings  # the run's own, with the hospitals and places of this command
    hospitals: Sequence[Hospital]
    model: FinishedModel
    engine: str


def run_evaluation(job: EvaluationJob, console: Console, work: Work) -> None:
    """Evaluate in a folder of its own; what does not come to its end leaves a log or nothing.

    Parameters
    ----------
    work : callable
        Brings server and hospitals together.
    """
    output_dir = absolute(job.settings.output_dir)
    check_writable(output_dir)
    folder = new_evaluation(output_dir)
    try:
        open_log(folder.log)
        recorder = EvaluationRecorder(folder, job.settings, job.model, job.engine)
        _announce(job, folder, console)
        work(recorder)
    except (InputError, Interrupted):
        shutil.rmtree(folder.path, ignore_errors=True)  # there is nothing to look up
        raise
    except RunError:
        console.print(f"what happened is in {folder.log}", soft_wrap=True, markup=False)
        raise
    except Exception as error:
        said = f"The evaluation broke off ({type(error).__name__}: {error}); {folder.log} says more."
        raise RunError("RUN020", said) from error
    console.print(f"figures are in {folder.meta}", soft_wrap=True, markup=False)


def _announce(job: EvaluationJob, folder: EvaluationFolder, console: Console) -> None:
    model, known, other = job.model, job.model.hospitals, job.model.reference
    console.print(
        f"[bold]{folder.evaluation_id}[/]  the model of {model.run_id} ({model.network}, {model.image_size} px, "
        f"SHA-256 {model.sha256[:12]})  [dim]{folder.log}[/]"
    )
    if other:
        console.print(f"beside the model of {other.run_id} (SHA-256 {other.sha256[:12]})", highlight=False)
    if model.meta.get("synthetic") is True:
        console.print(f"[bold yellow]{SYNTHETIC}[/]")
    for hospital in job.hospitals:
        where = "its test slices alone, since it trained the model" if hospital.key in known else "every usable slice"
        if other and hospital.key in other.hospitals and hospital.key not in known:
            where = f"its test slices alone, since it trained {other.run_id}"
        console.print(f"{hospital.name}: {where}", highlight=False)
