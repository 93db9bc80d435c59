"""What the hospitals' audits found and how their slices were split, as tables of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from common.artifacts.schema import Finding, HospitalData, Run
from common.labels import CLASSES
from dashboard.charts import formats
from dashboard.charts.theme import class_title
from dashboard.data.facts import small

SEVERITIES = ("error", "warning", "info")
PARTS: dict[str, str] = {"train": "Training", "val": "Validation", "test": "Test"}


def findings_of(hospital: HospitalData) -> list[Finding]:
    """Return a hospital's findings, the gravest first, then by code."""
    return sorted(hospital.audit, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))


def severities(findings: Sequence[Finding]) -> Counter[str]:
    """Count findings by severity."""
    return Counter(finding.severity for finding in findings)


def audited(run: Run) -> bool:
    """Whether any hospital recorded an audit, a clean one included; version 1 recorded none."""
    return any(hospital.audit or hospital.files_found is not None for hospital in run.hospitals.values())


def overview(run: Run) -> pd.DataFrame:
    """Return one row a hospital: files, usable slices, groups, findings by severity."""
    rows = []
    for name in sorted(run.hospitals):
        hospital = run.hospitals[name]
        found = severities(hospital.audit)
        known = hospital.audit or hospital.files_found is not None
        rows.append(
            {
                "Hospital": name,
                "Files": formats.whole(hospital.files_found),
                "Slices used": formats.whole(hospital.total),
                "Unusable": formats.whole(hospital.unusable_files),
                "Groups": formats.whole(hospital.group_count),
                "Groups on two sides": formats.whole(hospital.groups_across_splits),
                "Errors": formats.whole(found["error"]) if known else formats.MISSING,
                "Warnings": formats.whole(found["warning"]) if known else formats.MISSING,
                "Notes": formats.whole(found["info"]) if known else formats.MISSING,
            }
        )
    return pd.DataFrame(rows)


def split_table(run: Run) -> pd.DataFrame:
    """Return one row a hospital and part of the split: slices of each class; empty if no split was recorded."""
    rows = []
    for name in sorted(run.hospitals):
        hospital = run.hospitals[name]
        for part, title in PARTS.items():
            if part in hospital.split_counts:
                counts = hospital.split_counts[part]
                classes = {class_title(label): small(counts.get(label, 0)) for label in CLASSES}
                rows.append({"Hospital": name, "Part": title, "Slices": formats.whole(sum(counts.values())), **classes})
    return pd.DataFrame(rows)


def split_sentence(hospital: HospitalData) -> str:
    """Say in plain words whether a hospital's split keeps look-alikes together."""
    if hospital.grouped_split is None:
        return "whether look-alikes were kept on one side of the split is not recorded."
    if not hospital.grouped_split:
        return "slices were split one by one, so those of one patient may stand on two sides."
    groups = f"{formats.whole(hospital.group_count)} groups of duplicates and neighbours"
    if hospital.groups_across_splits:
        return f"{hospital.groups_across_splits:,} of {groups} stand on more than one side of the split."
    if hospital.groups_across_splits is None:
        return f"{groups}; how many stand on two sides is not recorded."
    return f"{groups}, none of them on two sides of the split."
