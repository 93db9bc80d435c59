"""Run every check over a hospital's slices, and report what they found: numbers that may travel, names that stay."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from common.audit import checks
from common.data.evidence import Evidence
from common.data.identity.patients import Source
from common.data.thumbs import Mask
from common.labels import CLASSES
from common.text import printable

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing that the audit has to say."""

    code: str
    """Stable code such as ``"DATA004"``."""
    severity: Severity
    """``"error"``: slices are left out until a person decides; ``"warning"``: look at it; ``"info"``: know it."""
    title: str
    sentence: str
    """What was found and what to do; names no file, so it may travel."""
    count: int
    """How many files or folders it is about."""
    files: tuple[str, ...] = ()
    """Their relative paths. They stay with the hospital."""

    def numbers(self) -> dict[str, Any]:
        """Return the part that may travel: everything but the files."""
        return {name: value for name, value in vars(self).items() if name != "files"}


Check = Callable[[Evidence], Finding | None]


@dataclass(frozen=True)
class AuditReport:
    """What the audit of one hospital found."""

    folder: str
    """The hospital's folder; it stays with the hospital."""
    found: dict[str, int]
    """Files of every class, zeros included."""
    counts: dict[str, int]
    """Usable slices of every class, zeros included."""
    usable: Mask
    """Which files of the scan can train or test a model."""
    unmatched_folders: tuple[str, ...]
    """Folders with images that no class claims."""
    synthetic: bool
    """Whether the slices are drawn by a program."""
    group_count: int
    """Groups of slices that belong together, single ones included."""
    patient_count: int
    """Patients behind the usable slices."""
    patient_source: Source
    """What told them, at the least sure of the slices."""
    findings: tuple[Finding, ...]
    """Worst first."""

    @property
    def total(self) -> int:
        """Number of usable slices."""
        return sum(self.counts.values())

    @property
    def missing_classes(self) -> list[str]:
        """Classes without a usable slice."""
        return [name for name, count in self.counts.items() if not count]

    def numbers(self) -> dict[str, Any]:
        """Return the hospital's part of ``dataset_stats.json``: counts and sentences, no file name."""
        found = sum(self.found.values())
        return {
            "total_samples": self.total,
            "class_distribution": {name: count for name, count in self.counts.items() if count},
            "unmatched_folders": [printable(name) for name in self.unmatched_folders],
            "files_found": found,
            "unusable_files": found - self.total,
            "missing_classes": self.missing_classes,
            "synthetic": self.synthetic,
            "group_count": self.group_count,
            "audit": [finding.numbers() for finding in self.findings],
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything, for the hospital's own eyes: `numbers`, the folder, and the files of each finding."""
        findings = [
            finding.numbers() | {"files": [printable(name) for name in finding.files]} for finding in self.findings
        ]
        whole = {"folder": self.folder, "files_by_class": dict(self.found)} | self.numbers() | {"audit": findings}
        return whole | {"patients": {"all": self.patient_count, "source": self.patient_source}}


def audit(evidence: Evidence) -> AuditReport:
    """Look at a hospital's slices with every check; findings come by severity, then by code."""
    findings = [finding for check in find_checks() if (finding := check(evidence)) is not None]
    findings.sort(key=lambda finding: (get_args(Severity).index(finding.severity), finding.code))
    scan, usable = evidence.scan, evidence.usable
    found = np.bincount(scan.labels, minlength=len(CLASSES))
    counts = np.bincount(scan.labels[usable], minlength=len(CLASSES))
    return AuditReport(
        folder=str(scan.folder),
        found=dict(zip(CLASSES, found.tolist(), strict=True)),
        counts=dict(zip(CLASSES, counts.tolist(), strict=True)),
        usable=usable,
        unmatched_folders=scan.unmatched_folders,
        synthetic=scan.synthetic,
        group_count=len(np.unique(evidence.groups.group[usable])),
        patient_count=evidence.patients.count(np.flatnonzero(usable)),
        patient_source=evidence.patients.source_of(np.flatnonzero(usable)),
        findings=tuple(findings),
    )


def find_checks() -> list[Check]:
    """Return the ``check`` of every file below ``common/audit/checks/``.

    ``DATA001`` and ``DATA002`` are not among them: they are errors of `common.data.scan.require_images`.
    """
    folders = map(Path, checks.__path__)
    files = sorted(path.relative_to(folder).with_suffix("") for folder in folders for path in folder.rglob("*.py"))
    return [import_module(".".join((checks.__name__, *file.parts))).check for file in files]
