"""What a run report takes from the model card: audit findings, the split, intended use and limits."""

from __future__ import annotations

from reportlab.platypus import Flowable, KeepTogether

from common.artifacts.card import BULLET, CAVEATS, ETHICS, INTENDED_USE, fixed_section
from common.artifacts.schema import Run
from common.artifacts.words import split_sentences
from dashboard.charts import formats
from dashboard.reports.style import paragraph, table

_PARTS = ("train", "val", "test")


def card_sections(run: Run, names: dict[str, str]) -> list[Flowable]:
    """Return the sections.

    Parameters
    ----------
    run : Run
        What it did not record is said to be missing.
    names : dict of str to str
        Each hospital's name as the PDF can draw it.
    """
    split = KeepTogether([paragraph("How the slices were split", "heading"), *_split(run, names)])
    fixed = [
        KeepTogether([paragraph(heading, "heading"), *map(paragraph, fixed_section(heading))])
        for heading in (INTENDED_USE, ETHICS, CAVEATS)
    ]
    return [*_findings(run, names), split, *fixed]


def _findings(run: Run, names: dict[str, str]) -> list[Flowable]:
    """List what the audits found, without what is only worth knowing."""
    found = [
        f"{BULLET}{names.get(name, name)}: {finding.code} {finding.sentence}"
        for name, hospital in sorted(run.hospitals.items())
        for finding in hospital.audit
        if finding.severity != "info"
    ]
    return [paragraph("What the audits found:"), *map(paragraph, found)] if found else []


def _split(run: Run, names: dict[str, str]) -> list[Flowable]:
    said = paragraph(" ".join(split_sentences(run.meta)) or "How the slices were split was not recorded for this run.")
    rows = [
        (
            names.get(name, name),
            *(formats.whole(sum(hospital.split_counts.get(part, {}).values())) for part in _PARTS),
            formats.whole(hospital.group_count),
        )
        for name, hospital in sorted(run.hospitals.items())
        if hospital.split_counts
    ]
    head = ("Hospital", "Training", "Validation", "Test", "Groups of related slices")
    return [said, table(head, rows, (0.36, 0.14, 0.14, 0.14, 0.22))] if rows else [said]
