"""What figures of a run have in common: the title with its stamp, a share as a row, counts as read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from common.artifacts.values import mapping, matrix, text
from common.artifacts.words import NOTHING, recorded_interval, share_text
from common.dossier.evidence import Evidence
from common.dossier.figures.charts import Share, Title
from common.dossier.figures.figure import SYNTHETIC
from common.labels import NUM_CLASSES
from common.metrics.confusion import Confusion
from common.metrics.intervals import Interval, wider, wilson

_MOST = 10**12


def titled(evidence: Evidence, title: str, caption: str) -> Title:
    """Return a chart's title: with the run's name, and SYNTHETIC where the slices are drawn."""
    pooled = " (POOLED)" if evidence.run.pooled else ""
    return Title(f"{title}, {evidence.run.run_id}{pooled}", caption, SYNTHETIC if evidence.run.synthetic else "")


def tested(evidence: Evidence, title: str, caption: str) -> Title:
    """Return the title of a chart of test figures, which of a model that trained on every slice are another run's."""
    own, run = titled(evidence, title, caption), evidence.run.measured_with
    return replace(own, text=f"{own.text}: its recipe, tested with {run}") if run else own


def share_row(name: str, hits: int, cases: int, drawn: Interval | None) -> Share:
    """Return a share of cases with the wider ends of Wilson's interval and of one that was recorded."""
    if not cases:
        return Share(name, None, None, NOTHING)
    ends = wider(wilson(hits, cases), drawn)
    return Share(name, hits / cases, ends, f"{share_text(hits / cases, ends)} % of {cases:,}")


def confusion_of(figures: Any) -> Confusion | None:
    """Read the counts of some figures; None where they are missing, or no counts that slices can have."""
    counts = matrix(mapping(figures).get("confusion_matrix"), NUM_CLASSES)
    if counts is None or max(map(max, counts)) > _MOST:
        return None
    return np.asarray(counts, dtype=np.int64)


def drawn_interval(figures: Mapping[str, Any], figure: str, of: str | None = None) -> Interval | None:
    """Return a recorded bootstrap interval, whose draws stay at the hospitals, so that it cannot be computed anew."""
    return recorded_interval(mapping(figures.get("intervals")).get("bootstrap"), figure, of)


def named(value: Any) -> str:
    """Return a name, a dash for what is none."""
    return text(value) or NOTHING
