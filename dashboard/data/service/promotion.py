"""Which run's model can be put in service, why not another's, and the command that does it."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from common.artifacts import schema
from common.artifacts.values import text
from dashboard.settings import ROOT

NO_WEIGHTS = "Its weights (global_model.pth) are not in its folder."
VERSION_1 = "Version 1 kept its model under models/ only."


def why_not(run: schema.Run) -> str | None:
    """Say why a run's model cannot be put in service; None where it can, as far as its files tell without torch."""
    if run.no_shared_model:
        return run.no_shared_model
    if run.state != "completed":
        return VERSION_1 if run.state == schema.UNRECORDED else f"It is {run.state}."
    if not (run.folder / "global_model.pth").is_file():
        return NO_WEIGHTS
    if text(run.meta.get("sha256")) is None:
        return "Its model_meta.json does not hold the weights' SHA-256."
    return None


def promotable(runs: Iterable[schema.Run]) -> list[schema.Run]:
    """Return the runs whose model can be put in service, in the order given."""
    return [run for run in runs if why_not(run) is None]


def command(run_id: str, output_dir: Path, reason: str = "...") -> str:
    """Return the command that puts a run in service, with its folder unless that is the project's own."""
    where = "" if output_dir == ROOT else f" --output-dir {shlex.quote(str(output_dir))}"
    words = shlex.quote(reason) if reason != "..." else '"..."'
    return f"python -m server.promote {run_id} --reason {words}{where}"


def advice(runs: Iterable[schema.Run], output_dir: Path) -> tuple[str, str | None]:
    """Say what can be done where no model answers: a sentence, and the command that does it, if one does."""
    known = list(runs)
    start = f"python -m server.simulate experiment=demo{_output(output_dir)}"
    if ready := promotable(known):
        return f"The model of {ready[0].run_id} can be put there:", command(ready[0].run_id, output_dir)
    if not known:
        return "There is no run here yet. A run puts its model there when it completes:", start
    newest = known[0]
    if newest.state == "running":
        return f"{newest.run_id} is running; its model goes there when it completes.", None
    reason = f"{newest.run_id}: {why_not(newest)}"
    if newest.state == schema.UNRECORDED:
        return f"{reason} Copy its global_model.pth to models/, or start a run, which puts its own there:", start
    if newest.status.resume_command:
        return f"{reason} Go on with it:", newest.status.resume_command
    return f"{reason} A new run puts its model there when it completes:", start


def _output(output_dir: Path) -> str:
    return "" if output_dir == ROOT else f" {shlex.quote(f'output_dir={output_dir}')}"
