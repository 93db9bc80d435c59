"""``python -m clients.audit hospital=aiims_delhi data.root=...``: what is right and wrong with a hospital's slices.

It runs on the hospital's machine alone and sends nothing; file names are printed here and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from clients.hospital_command import reading_bar, take_hospital, write_for_owner
from common.audit.report import audit
from common.audit.terminal import render
from common.config.hospital import Hospital
from common.config.hydra import run_main, typed
from common.config.settings import DataSettings, TrainPlan, check_plan
from common.data.prepare import PreparedHospital, prepare


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
    hospital = take_hospital(config)
    settings = typed(config, AuditSettings)
    check_plan(settings.data, TrainPlan())
    console = Console()
    prepared = _prepare(hospital, settings, console)
    report = audit(prepared.evidence)
    split = prepared.split.counts(prepared.scan.labels)
    render(report, split, hospital.name, console)
    if settings.json:
        content = {"hospital": hospital.name, **report.to_json(), "split_counts": split}
        write_for_owner(Path(settings.json), json.dumps(content, indent=2, ensure_ascii=False), "json")
        console.print(f"written to {settings.json}; it names files, so keep it here", soft_wrap=True, markup=False)


def _prepare(hospital: Hospital, settings: AuditSettings, console: Console) -> PreparedHospital:
    with reading_bar(console) as on_progress:
        return prepare(
            Path(settings.data.root) / hospital.path,
            hospital.class_map,
            settings.data.plan(),
            settings.seed,
            Path(settings.data.cache_dir),
            on_progress=on_progress,
        )


if __name__ == "__main__":
    main()
