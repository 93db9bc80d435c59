"""Data: what each hospital's audit found, what to do about it, and how its slices were split."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from common.artifacts import words
from common.artifacts.schema import Finding, HospitalData, Run
from common.labels import CLASSES
from common.text import listed
from dashboard.charts import formats, theme
from dashboard.components import chosen_run, parts
from dashboard.data import caveats, facts

BADGES: dict[str, tuple[str, str, str]] = {  # the gravest first
    "error": ("Error", ":material/error:", "red"),
    "warning": ("Warning", ":material/warning:", "orange"),
    "info": ("Note", ":material/info:", "gray"),
}
PARTS: dict[str, str] = {"train": "Training", "val": "Validation", "test": "Test"}


def draw() -> None:
    """Draw the page."""
    parts.header(
        "Data", "What the hospitals reported of their slices: counts and findings, without images or file names."
    )
    run = chosen_run.require()
    chosen_run.follow(run)
    if not run.hospitals:
        running = run.state == "running"
        parts.empty(
            "The hospitals are still describing their data." if running else "This run recorded no hospital's data."
        )
        st.stop()
    parts.metrics(_headline(run))
    parts.held_by_one_warning(run)
    if not audited(run):
        st.info(f"{run.run_id} recorded class counts only: no audit, no split per class.", icon=":material/help:")
    caption = (
        "A group: duplicates, look-alikes and neighbouring slices. Patients: as the hospital knows them from a "
        "manifest, DICOM headers or file names, else guessed from the groups."
    )
    with parts.card("Hospital by hospital", caption):
        parts.table(overview(run), alt="What each hospital holds.")
    if audited(run):
        st.subheader("Findings, and what to do", anchor=False)
        for name in sorted(run.hospitals):
            _hospital_findings(run.hospitals[name])
    _between_hospitals(run)
    with parts.card("The split", "Slices of each class in each part."):
        split = split_table(run)
        if split.empty:
            st.caption(parts.NOT_RECORDED)
        else:
            parts.table(split, alt="Slices of each class in each part, by hospital.")


def findings_of(hospital: HospitalData) -> list[Finding]:
    """Return a hospital's findings, the gravest first, then by code."""
    return sorted(hospital.audit, key=lambda finding: (list(BADGES).index(finding.severity), finding.code))


def severities(findings: Sequence[Finding]) -> Counter[str]:
    """Count findings by severity."""
    return Counter(finding.severity for finding in findings)


def audited(run: Run) -> bool:
    """Whether any hospital recorded an audit, a clean one included; version 1 recorded none."""
    return any(map(_audited, run.hospitals.values()))


def _audited(hospital: HospitalData) -> bool:
    return bool(hospital.audit) or hospital.files_found is not None


def overview(run: Run) -> pd.DataFrame:
    """Return one row a hospital: files, usable slices, groups, findings by severity."""
    rows = []
    for name, hospital in sorted(run.hospitals.items()):
        found, known = severities(hospital.audit), _audited(hospital)
        rows.append(
            {
                "Hospital": name,
                "Files": formats.whole(hospital.files_found),
                "Slices held": formats.whole(hospital.total),
                "Used": formats.whole(hospital.used),
                "Unusable": formats.whole(hospital.unusable_files),
                "Groups": formats.whole(hospital.group_count),
                "Groups on two sides": formats.whole(hospital.groups_across_splits),
                "Patients (train / val / test)": words.patients_text(hospital.patients),
                **{f"{BADGES[each][0]}s": formats.whole(found[each] if known else None) for each in BADGES},
            }
        )
    return pd.DataFrame(rows)


def split_table(run: Run) -> pd.DataFrame:
    """Return one row a hospital and part of the split: slices of each class; empty if no split was recorded."""
    rows = []
    for name, hospital in sorted(run.hospitals.items()):
        for part, title in PARTS.items():
            if part in hospital.split_counts:
                counts = hospital.split_counts[part]
                classes = {theme.class_title(label): facts.small(counts.get(label, 0)) for label in CLASSES}
                rows.append({"Hospital": name, "Part": title, "Slices": formats.whole(sum(counts.values())), **classes})
    return pd.DataFrame(rows)


def split_sentence(hospital: HospitalData) -> str:
    """Say in plain words whether a hospital's split keeps look-alikes together."""
    if hospital.grouped_split is None:
        return "whether look-alikes were kept on one side of the split is not recorded."
    if not hospital.grouped_split:
        return "slices were split one by one, so those of one patient may be on two sides."
    groups = f"{formats.whole(hospital.group_count)} groups of duplicates and neighbours"
    if hospital.groups_across_splits:
        return f"{hospital.groups_across_splits:,} of {groups} are on more than one side of the split."
    if hospital.groups_across_splits is None:
        return f"{groups}; how many are on two sides is not recorded."
    return f"{groups}, none of them on two sides of the split."


def shared_table(run: Run) -> pd.DataFrame:
    """Return one row for a hospital and each other that holds slices of it; empty where there are none."""
    rows = [
        {
            "Hospital": name,
            "Also at": other,
            "Slices": formats.whole(part.slices),
            "Test slices trained on there": formats.whole(part.test_slices_trained_there),
            "Patients": formats.whole(part.patients),
            "Test patients trained on there": formats.whole(part.test_patients_trained_there),
        }
        for name, own in sorted(run.hospitals.items())
        if own.shared is not None
        for other, part in own.shared.with_each.items()
        if part.pairs or part.patients
    ]
    return pd.DataFrame(rows)


def _headline(run: Run) -> list[parts.Metric]:
    hospitals = list(run.hospitals.values())
    found = severities([finding for hospital in hospitals for finding in hospital.audit])
    known = audited(run)

    def total(field: str) -> str:
        values = [getattr(hospital, field) for hospital in hospitals if getattr(hospital, field) is not None]
        return formats.whole(sum(values)) if values else formats.MISSING

    return [
        parts.Metric("Files found", total("files_found")),
        parts.Metric("Slices held", total("total"), help="Usable slices of the four classes."),
        parts.Metric(
            "Used",
            formats.whole(facts.used_slices(run)),
            help="In training, validation or test; a run with data.max_per_class takes some only.",
        ),
        parts.Metric(
            "Unusable files", total("unusable_files"), help="Damaged, too small, or under two labels: left out."
        ),
        parts.Metric("Errors", formats.whole(found["error"] if known else None), help="Slices left out until decided."),
        parts.Metric("Warnings", formats.whole(found["warning"] if known else None), help="Look at these."),
        parts.Metric(
            "On two sides",
            total("groups_across_splits"),
            help="Groups of duplicates or neighbours that are on more than one side of the split.",
        ),
    ]


def _between_hospitals(run: Run) -> None:
    """Draw what is known of slices that two hospitals hold; nothing where the run recorded nothing."""
    recorded, remark = caveats.shared_slices(run), caveats.shared_remark(run)
    if recorded is None or remark is None:
        return
    caption = "Slices and patients that two hospitals hold, found from keyed hashes: no image and no id left."
    with parts.card("Between hospitals", caption):
        if remark.sound is False:
            st.warning(theme.markdown(remark.sentence), icon=":material/content_copy:")
        st.caption(theme.markdown(recorded.sentence))
        table = shared_table(run)
        if not table.empty:
            parts.table(table, alt="Slices that two hospitals hold.")


def _hospital_findings(hospital: HospitalData) -> None:
    """Draw a hospital's findings behind its name, open where one is an error or a warning."""
    findings = findings_of(hospital)
    counts = severities(findings)
    summary = ", ".join(f"{counts[s]} {BADGES[s][0].lower()}{'s' * (counts[s] != 1)}" for s in BADGES if counts[s])
    otherwise = "nothing found" if _audited(hospital) else "no audit recorded"
    title = f"{theme.markdown(hospital.name)} · {summary or otherwise}"
    with st.expander(title, expanded=bool(counts["error"] or counts["warning"])):
        st.caption(f"The split: {split_sentence(hospital)}")
        if patients := words.patients_sentence(hospital.patients):
            st.caption(patients)
        if hospital.unmatched_folders:
            st.caption(f"Folders left out: {theme.markdown(listed(hospital.unmatched_folders))}.")
        for finding in findings:
            _finding(finding)


def _finding(finding: Finding) -> None:
    label, icon, colour = BADGES[finding.severity]
    head = f":{colour}-badge[{icon} {label}] **{theme.markdown(finding.title)}** · {theme.markdown(finding.code)}"
    st.markdown(f"{head} · {formats.whole(finding.count)}  \n{theme.markdown(finding.sentence)}")


if __name__ == "__main__":
    draw()
