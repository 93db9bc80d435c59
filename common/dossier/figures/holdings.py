"""What the hospitals hold and how much of it went where: the flow of slices."""

from common.dossier.evidence import Evidence
from common.dossier.figures.charts import bar_chart
from common.dossier.figures.drawn import titled
from common.dossier.figures.figure import Figure, Value

_PARTS = {"train": "training", "val": "validation", "test": "test"}


def flow(evidence: Evidence) -> Figure | None:
    """Draw how many files became slices of each part."""
    known = [each for each in evidence.hospitals if each.total is not None]
    if not known:
        return None
    bars: list[tuple[str, int]] = []
    if all(each.files_found is not None and each.unusable_files is not None for each in known):
        bars.append(("files found", sum(each.files_found or 0 for each in known)))
        bars.append(("left out by the audits", sum(each.unusable_files or 0 for each in known)))
    bars.append(("usable slices", sum(each.total or 0 for each in known)))
    if all(each.used is not None for each in known):
        bars.append(("slices used", sum(each.used or 0 for each in known)))
    for part, name in _PARTS.items():
        if all(part in each.split_counts for each in known):
            bars.append((name, sum(sum(each.split_counts[part].values()) for each in known)))
    title, caption = "Flow of slices", "Over all hospitals."
    rows: list[list[Value]] = [list(bar) for bar in bars]
    return Figure(
        "flow", title, caption, ("step", "files"), rows, bar_chart(titled(evidence, title, caption), bars, "Files")
    )


def holdings(evidence: Evidence) -> Figure | None:
    """Draw how many slices of each class each hospital holds, and give each part of the split."""
    bars = [(f"{each.name}, {label}", n) for each in evidence.hospitals for label, n in each.class_counts.items()]
    if not bars:
        return None
    rows: list[list[Value]] = [
        [each.name, label, n, *(each.split_counts.get(part, {}).get(label) for part in _PARTS)]
        for each in evidence.hospitals
        for label, n in each.class_counts.items()
    ]
    title, caption = "Slices of each class at each hospital", "Usable slices, before the split."
    svg = bar_chart(titled(evidence, title, caption), bars, "Slices")
    return Figure("holdings", title, caption, ("hospital", "class", "usable", *_PARTS.values()), rows, svg)
