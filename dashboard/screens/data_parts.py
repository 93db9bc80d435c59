"""The pieces of the Data page: headline, a hospital's findings, the split."""

from __future__ import annotations

from typing import Any

import streamlit as st

from common.artifacts.schema import Finding, HospitalData, Run
from dashboard.charts import formats
from dashboard.charts.theme import markdown
from dashboard.components import parts, text_table
from dashboard.data import audit_tables, shared_slices

BADGES: dict[str, tuple[str, str, str]] = {
    "error": ("Error", ":material/error:", "red"),
    "warning": ("Warning", ":material/warning:", "orange"),
    "info": ("Note", ":material/info:", "gray"),
}


def headline(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the figures of the first row."""
    hospitals = list(run.hospitals.values())
    found = audit_tables.severities([finding for hospital in hospitals for finding in hospital.audit])
    known = audit_tables.audited(run)

    def total(field: str) -> str:
        values = [getattr(hospital, field) for hospital in hospitals if getattr(hospital, field) is not None]
        return formats.whole(sum(values)) if values else formats.MISSING

    return [
        ("Files found", total("files_found"), {}),
        ("Slices used", total("total"), {}),
        ("Unusable files", total("unusable_files"), {"help": "Damaged, too small, or under two labels: left out."}),
        (
            "Errors",
            formats.whole(found["error"]) if known else formats.MISSING,
            {"help": "Slices left out until decided."},
        ),
        ("Warnings", formats.whole(found["warning"]) if known else formats.MISSING, {"help": "Look at these."}),
        (
            "On two sides",
            total("groups_across_splits"),
            {"help": "Groups of duplicates or neighbours that stand on more than one side of the split."},
        ),
    ]


def between_hospitals(run: Run) -> None:
    """Draw what is known of slices that two hospitals hold; nothing where the run recorded nothing."""
    recorded, remark = shared_slices.found(run), shared_slices.remark(run)
    if recorded is None or remark is None:
        return
    with parts.card(
        "Between hospitals", "Slices that two hospitals hold, found from keyed fingerprints: no image left."
    ):
        if remark.sound is False:
            st.warning(markdown(remark.sentence), icon=":material/content_copy:")
        st.caption(markdown(recorded.sentence))
        table = shared_slices.table(run)
        if not table.empty:
            text_table.draw(table, alt="Slices that two hospitals hold.")


def hospital_findings(hospital: HospitalData) -> None:
    """Draw a hospital's findings behind its name, open where one is an error."""
    findings = audit_tables.findings_of(hospital)
    counts = audit_tables.severities(findings)
    summary = ", ".join(f"{counts[s]} {BADGES[s][0].lower()}{'s' * (counts[s] != 1)}" for s in BADGES if counts[s])
    known = hospital.audit or hospital.files_found is not None
    title = f"{markdown(hospital.name)} · {summary or ('nothing found' if known else 'no audit recorded')}"
    with st.expander(title, expanded=bool(counts["error"] or counts["warning"])):
        st.caption(f"The split: {audit_tables.split_sentence(hospital)}")
        if hospital.unmatched_folders:
            st.caption(f"Folders left out: {markdown(formats.listed(hospital.unmatched_folders))}.")
        for finding in findings:
            _finding(finding)


def _finding(finding: Finding) -> None:
    label, icon, colour = BADGES[finding.severity]
    head = f":{colour}-badge[{icon} {label}] **{markdown(finding.title)}** · {markdown(finding.code)}"
    st.markdown(f"{head} · {formats.whole(finding.count)}  \n{markdown(finding.sentence)}")
