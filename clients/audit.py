"""``python -m clients.audit hospital=aiims_delhi data.root=...``: what is right and wrong with a hospital's slices.

It runs on the hospital's machine alone and sends nothing; file names are printed here and nowhere else.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from clients.hospital_command import reading_bar, take_settings, write_for_owner
from common.config.bounds import setting
from common.config.hydra import run_main
from common.config.settings import SEED, DataSettings


@dataclass
class AuditSettings:
    """Everything ``python -m clients.audit`` can be told besides the hospital."""

    seed: int = setting(42, SEED)  # of the split whose sizes are shown
    json: str | None = None  # file for the full report, readable by its owner only since it names files
    data: DataSettings = field(default_factory=DataSettings)  # as in a run, so that the audit sees what a run will see


def main() -> None:
    """Run the command line."""
    run_main(audit_hospital, "audit")


def audit_hospital(config: DictConfig) -> None:
    """Audit one hospital, print the report, and write it when asked to.

    Raises
    ------
    InputError
        When the configuration is wrong, there is no image, or the report cannot be written.
    """
    hospital, settings = take_settings(config, AuditSettings)
    from common.audit.report import audit  # most of a second; what is wrong with the settings is said before
    from common.audit.terminal import render
    from common.data.prepare import prepare

    folder, cache = Path(settings.data.root) / hospital.path, Path(settings.data.cache_dir)
    console = Console()
    with reading_bar(console) as move:
        prepared = prepare(
            folder, hospital.class_map, settings.data.plan(), settings.seed, cache, move, hospital.patient_pattern
        )
    report = audit(prepared.evidence)
    split = prepared.split.counts(prepared.scan.labels)
    render(report, split, prepared.patient_counts, hospital.name, console, len(prepared.split.gap))
    if settings.json:
        content = {"hospital": hospital.name, **report.to_json(), "split_counts": split}
        content |= {"gap": len(prepared.split.gap)} if settings.data.folds else {}
        content["patients"] |= prepared.patient_counts
        write_for_owner(Path(settings.json), json.dumps(content, indent=2, ensure_ascii=False), "json")
        console.print(f"written to {settings.json}; it names files, so keep it here", soft_wrap=True, markup=False)


if __name__ == "__main__":
    main()
