"""What the audit of one hospital found: numbers that may travel, and names that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.audit.finding import Finding, printable


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
