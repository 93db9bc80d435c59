"""``python -m clients.audit hospital=aiims_delhi data.root=...``: what is right and wrong with a hospital's slices.

It runs on the hospital's machine alone and sends nothing; file names are printed here and nowhere else.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from common.audit.render import render
from common.config import CONF_DIR, hospital_from, run_main, typed
from common.errors import InputError
from common.hospitals import Hospital
from common.prepare import PreparedHospital, prepare
from common.settings import DataSettings, TrainPlan
from common.settings_check import check_plan


@dataclass
class AuditSettings:
    """Everything ``python -m clients.audit`` can be told besides the hospital.

    Attributes
    ----------
    seed : int
        Of the split whose sizes are shown.
    json : str or None
        File for the full report, readable by its owner only since it names files.
    data : DataSettings
        As in a run, so that the audit sees what the run will see.
    """

    seed: int = 42
    json: str | None = None
    data: DataSettings = field(default_factory=DataSettings)


def main() -> None:
    """Run the command line."""
    run_main(audit_hospital, "audit")


def audit_hospital(config: DictConfig) -> None:
    """Audit one hospital, print the report, and write it when asked to.

    Parameters
    ----------
    config : DictConfig
        ``conf/audit.yaml`` as Hydra composed it.

    Raises
    ------
    InputError
        When the configuration is wrong, there is no image, or the report cannot be written.
    """
    hospital = _hospital(config)
    with open_dict(config):
        config.pop("hospital", None)
    settings = typed(config, AuditSettings)
    check_plan(settings.data, TrainPlan())
    console = Console()
    prepared = _prepare(hospital, settings, console)
    split = prepared.split.counts(prepared.scan.labels)
    render(prepared.report, split, hospital.name, console)
    if settings.json:
        report = {"hospital": hospital.name, **prepared.report.to_json(), "split_counts": split}
        _write_private(Path(settings.json), report)
        console.print(f"written to {settings.json}; it names files, so keep it here", soft_wrap=True, markup=False)


def _hospital(config: DictConfig) -> Hospital:
    key = HydraConfig.get().runtime.choices.get("hospital")
    if not key or OmegaConf.is_missing(config, "hospital"):
        known = ", ".join(sorted(path.stem for path in (CONF_DIR / "hospital").glob("*.yaml")))
        raise InputError("CONF005", f"Say which hospital to audit: hospital=NAME, one of {known}.")
    return hospital_from(config.hospital, key)


def _prepare(hospital: Hospital, settings: AuditSettings, console: Console) -> PreparedHospital:
    """Read the slices behind a bar that shows only where a person is watching."""
    bar = Progress(
        TextColumn("reading slices"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("read", total=None)
        return prepare(
            Path(settings.data.root) / hospital.path,
            hospital.class_map,
            settings.data.plan(),
            settings.seed,
            Path(settings.data.cache_dir),
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _write_private(path: Path, report: dict[str, Any]) -> None:
    """Write the report whole, for its owner's eyes only (mode 0600)."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=".audit-", suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2, ensure_ascii=False)
            file.write("\n")
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise InputError(
            "CONF011",
            f"The report cannot be written to {path.absolute()} ({error.strerror}); choose another json=FILE.",
        ) from None


if __name__ == "__main__":
    main()
