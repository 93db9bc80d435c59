"""Which runs have a model, which one is in service, and how it came to that."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from common.artifacts.schema import Run
from common.artifacts.service_history import Change
from common.artifacts.values import count, text
from dashboard.charts import formats
from dashboard.data.facts import overall_test
from dashboard.data.shares import Share, written
from dashboard.settings import ROOT


@dataclass(frozen=True)
class Version:
    """A completed run's model.

    Attributes
    ----------
    run_id : str
    round : int or None
        Whose weights these are.
    accuracy : Share
        On the test slices.
    macro_f1 : Share
    sha256 : str or None
    trained_at : str or None
    synthetic : bool
    pooled : bool
        Whether slices left their hospitals for one loader.
    no_shared_model : str or None
        Why there is no model of all hospitals.
    has_weights : bool
        Whether ``global_model.pth`` lies in the run's folder.
    in_service : bool
    """

    run_id: str
    round: int | None
    accuracy: Share
    macro_f1: Share
    sha256: str | None
    trained_at: str | None
    synthetic: bool
    pooled: bool
    no_shared_model: str | None
    has_weights: bool
    in_service: bool


def versions(runs: Mapping[str, Run], in_service: str | None) -> list[Version]:
    """Return the completed runs, in the order given."""
    return [_version(run, in_service) for run in runs.values() if run.state == "completed"]


def _version(run: Run, in_service: str | None) -> Version:
    test = overall_test(run)  # as recorded: working figures out for two hundred runs would take a second
    return Version(
        run_id=run.run_id,
        round=count(run.meta.get("best_epoch")),
        accuracy=Share(test.accuracy, test.interval) if test else Share(),
        macro_f1=test.macro_f1 if test else Share(),
        sha256=text(run.meta.get("sha256")),
        trained_at=text(run.meta.get("trained_at")),
        synthetic=run.synthetic,
        pooled=run.pooled,
        no_shared_model=run.no_shared_model,
        has_weights=(run.folder / "global_model.pth").is_file(),
        in_service=run.run_id == in_service,
    )


def version_table(found: Sequence[Version]) -> pd.DataFrame:
    """Return one row a model."""
    return pd.DataFrame(
        [
            {
                "Service": _service(version),
                "Run": version.run_id,
                "Round": formats.whole(version.round),
                "Test accuracy": written(version.accuracy),
                "Macro F1": written(version.macro_f1),
                "SHA-256": version.sha256[:12] if version.sha256 else formats.MISSING,
                "Trained": formats.when(version.trained_at),
                "Data": ("SYNTHETIC" if version.synthetic else "hospitals") + (", POOLED" if version.pooled else ""),
            }
            for version in found
        ]
    )


def _service(version: Version) -> str:
    if version.in_service:
        return "● in service"
    if version.no_shared_model:
        return "each hospital's own"
    return "possible" if version.has_weights else "weights not here"


def change_table(changes: Sequence[Change]) -> pd.DataFrame:
    """Return the history, the last change first."""
    return pd.DataFrame(
        [
            {
                "When": formats.when(change.at),
                "Put in service": change.run_id,
                "Before": change.previous or formats.MISSING,
                "Reason": change.reason,
                "By": change.by,
                "SHA-256": change.sha256[:12] or formats.MISSING,
            }
            for change in reversed(changes)
        ]
    )


def command(run_id: str, output_dir: Path, reason: str = "...") -> str:
    """Return the command line that puts a run in service."""
    where = "" if output_dir == ROOT else f" --output-dir {shlex.quote(str(output_dir))}"
    words = shlex.quote(reason) if reason != "..." else '"..."'
    return f"python -m server.promote {run_id} --reason {words}{where}"
