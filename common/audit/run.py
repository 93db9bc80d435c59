"""Run every check over a hospital's slices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

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
from common.audit.finding import Finding
from common.audit.report import AuditReport
from common.data.evidence import Evidence
from common.labels import CLASSES

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
