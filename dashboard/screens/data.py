"""Data: what each hospital's audit found, what to do about it, and how its slices were split."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from common.artifacts import words
from common.artifacts.schema import Finding, HospitalData, Run
from common.labels import CLASSES
from common.text import counted, listed
from dashboard.charts import formats, labels, theme
from dashboard.components import chosen_run, folded, parts, verdict
from dashboard.data import caveats, facts
from dashboard.data.verdicts.data import audited, of_run, was_audited

BADGES: dict[str, tuple[str, str, str]] = {  # the gravest first
    "error": ("Error", ":material/error:", "red"),
    "warning": ("Warning", ":material/warning:", "orange"),
    "info": ("Note", ":material/info:", "gray"),
}
SECTION, BOTH_SIDES = "section", "Related slices in both training and test"
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
    verdict.draw(of_run(run))
    parts.metrics(_headline(run))
    parts.held_by_one_warning(run)
    for severity in BADGES:
        _findings(run, severity)
    if audited(run) and not any(hospital.audit for hospital in run.hospitals.values()):
        st.caption("The audits found nothing.")
    drawn = {
        "Hospital by hospital": lambda: _overview(run),
        "The split": lambda: _split(run),
        "Between hospitals": lambda: _between_hospitals(run),
    }
    folded.tabs(drawn, key=SECTION)


def findings_of(hospital: HospitalData) -> list[Finding]:
    """Return a hospital's findings, the gravest first, then by code."""
    return sorted(hospital.audit, key=lambda finding: (list(BADGES).index(finding.severity), finding.code))


def severities(findings: Sequence[Finding]) -> Counter[str]:
    """Count findings by severity."""
    return Counter(finding.severity for finding in findings)


def overview(run: Run) -> pd.DataFrame:
    """Return one row a hospital: files, usable slices, groups, findings by severity."""
    rows = []
    for name, hospital in sorted(run.hospitals.items()):
        found, known = severities(hospital.audit), was_audited(hospital)
        rows.append(
            {
                "Hospital": name,
                "Files": formats.whole(hospital.files_found),
                "Slices held": formats.whole(hospital.total),
                "Used": formats.whole(hospital.used),
                "Unusable": formats.whole(hospital.unusable_files),
                "Groups": formats.whole(hospital.group_count),
                BOTH_SIDES: formats.whole(hospital.groups_across_splits),
                "Patients": words.patients_text(hospital.patients).replace(" ", "\u00a0"),
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
    """Say in plain words whether a hospital's split keeps look-alikes together, and what it leaves out."""
    gap = f" {hospital.gap:,} slices near those of the test are in no part." if hospital.gap else ""
    return _kept_together(hospital) + gap


def _kept_together(hospital: HospitalData) -> str:
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
        parts.Metric(
            "In both training and test",
            total("groups_across_splits"),
            help=f"{BOTH_SIDES}: groups of duplicates or neighbours on more than one side of the split.",
        ),
    ]


def _between_hospitals(run: Run) -> None:
    """Draw what is known of slices that two hospitals hold."""
    recorded, remark = caveats.shared_slices(run), caveats.shared_remark(run)
    if recorded is None or remark is None:
        st.caption(parts.NOT_RECORDED)
        return
    if remark.sound is False:
        st.warning(theme.markdown(remark.sentence), icon=":material/content_copy:")
    st.markdown(theme.markdown(recorded.sentence), help="Found from keyed hashes: no image and no id left a hospital.")
    table = shared_table(run)
    if not table.empty:
        parts.table(table, alt="Slices that two hospitals hold.")


def kinds(run: Run, severity: str) -> dict[tuple[str, str], list[tuple[str, Finding]]]:
    """Return what was found by code and title, each with the hospitals that found it, in the order of codes."""
    found: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for name, hospital in sorted(run.hospitals.items()):
        for finding in findings_of(hospital):
            if finding.severity == severity:
                found.setdefault((finding.code, finding.title), []).append((name, finding))
    return dict(sorted(found.items()))


def _findings(run: Run, severity: str) -> None:
    """Draw what was found, folded behind how much it is; errors are open."""
    found, (label, icon, _) = kinds(run, severity), BADGES[severity]
    if not found:
        return
    titles = listed([theme.markdown(title) for _, title in found])
    head = f"{icon} **{counted(len(found), label.lower())}** · {titles}"
    lines = [_line(*kind, where) for kind, where in found.items()]
    with st.expander(head, expanded=severity == "error"):
        st.markdown("\n".join(lines))


def _line(code: str, title: str, where: Sequence[tuple[str, Finding]]) -> str:
    """Write one kind of finding: where and how many, and below it what to do."""
    at = ", ".join(f"{theme.markdown(name)} ({formats.whole(finding.count)})" for name, finding in where)
    head = f"- **{theme.markdown(title)}** · {theme.markdown(code)} · {at}"
    said = dict.fromkeys(labels.shown(finding.sentence) for _, finding in where)
    return "\n".join([head, *(f"    - {theme.markdown(sentence)}" for sentence in said)])


def _overview(run: Run) -> None:
    parts.table(overview(run), alt="What each hospital holds.")
    st.caption(
        "Groups: duplicates, look-alikes and neighbouring slices.",
        help="Patients are as the hospital knows them from a manifest, DICOM headers or file names, else guessed from "
        "the groups.",
    )


def _split(run: Run) -> None:
    """Draw which slices train, validate and test, and whether related ones were kept together."""
    split = split_table(run)
    if split.empty:
        st.caption(parts.NOT_RECORDED)
    else:
        parts.table(split, alt="Slices of each class in each part, by hospital.")
    for name, hospital in sorted(run.hospitals.items()):
        said = [f"{name}: {split_sentence(hospital)}", words.patients_sentence(hospital.patients)]
        said += [f"Folders left out: {listed(hospital.unmatched_folders)}."] if hospital.unmatched_folders else []
        st.caption(theme.markdown(" ".join(part for part in said if part)))


if __name__ == "__main__":
    draw()
