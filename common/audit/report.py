"""What the audit of one hospital found: numbers that may travel, and names that stay.

Run every check over a hospital's slices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.audit.checks.classes import few_groups, few_slices, missing_classes
from common.audit.checks.folders import (
    empty_folders,
    other_files,
    synthetic,
    too_small,
    unmatched_folders,
    unreadable_files,
    unreadable_folders,
)
from common.audit.checks.likeness import (
    exact_duplicates,
    near_duplicates,
    near_two_labels,
    sequences,
    two_labels,
    weaker_groups,
)
from common.audit.finding import Finding, printable
from common.data.evidence import Evidence
from common.labels import CLASSES


@dataclass(frozen=True)
class AuditReport:
    """What the audit of one hospital found.

    Attributes
    ----------
    folder : str
        The hospital's folder; it stays with the hospital.
    found, counts : dict of str to int
        Files, and usable slices, of every class, zeros included.
    usable : ndarray of bool, shape [N]
        Which files of the scan can train or test a model.
    unmatched_folders : tuple of str
        Folders with images that no class claims.
    synthetic : bool
        Whether the slices are drawn by a program.
    group_count : int
        Groups of slices that belong together, single ones included.
    findings : tuple of Finding
        Worst first.
    """

    folder: str
    found: dict[str, int]
    counts: dict[str, int]
    usable: npt.NDArray[np.bool_]
    unmatched_folders: tuple[str, ...]
    synthetic: bool
    group_count: int
    findings: tuple[Finding, ...]

    @property
    def total(self) -> int:
        """Number of usable slices."""
        return sum(self.counts.values())

    @property
    def missing_classes(self) -> list[str]:
        """Classes without a usable slice."""
        return [name for name, count in self.counts.items() if not count]

    def numbers(self) -> dict[str, Any]:
        """Return the hospital's part of ``dataset_stats.json``: counts and sentences, no file name.

        Returns
        -------
        dict
            Plain numbers, strings, lists and dicts.
        """
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
        """Return everything, file names included, for the hospital's own eyes.

        Returns
        -------
        dict
            As `numbers`, with ``folder``, ``files_by_class`` and ``files`` of each finding.
        """
        findings = [
            finding.numbers() | {"files": [printable(name) for name in finding.files]} for finding in self.findings
        ]
        return {"folder": self.folder, "files_by_class": dict(self.found)} | self.numbers() | {"audit": findings}


CHECKS: tuple[Callable[[Evidence], list[Finding]], ...] = (
    unmatched_folders.check,
    unreadable_files.check,
    exact_duplicates.check,
    near_duplicates.check,
    two_labels.check,
    too_small.check,
    missing_classes.check,
    near_two_labels.check,
    few_slices.check,
    synthetic.check,
    other_files.check,
    few_groups.check,
    unreadable_folders.check,
    empty_folders.check,
    sequences.check,
    weaker_groups.check,
)
"""Every check, in the order of its code; ``DATA001`` and ``DATA002`` are errors of `common.data.require`."""


def audit(evidence: Evidence) -> AuditReport:
    """Look at a hospital's slices with every check.

    Parameters
    ----------
    evidence : Evidence
        The files, their pictures and how they resemble one another.

    Returns
    -------
    AuditReport
        Findings by severity, then by code.
    """
    findings = [finding for check in CHECKS for finding in check(evidence)]
    rank = {"error": 0, "warning": 1, "info": 2}
    findings.sort(key=lambda finding: (rank[finding.severity], finding.code))
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
        findings=tuple(findings),
    )
