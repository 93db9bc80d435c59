"""Slices that two hospitals hold, as the run found them from keyed fingerprints."""

from __future__ import annotations

import pandas as pd

from common.artifacts.schema import Run
from common.overlap.matches import CrossDuplicates
from dashboard.charts import formats
from dashboard.data.remark import Remark


def found(run: Run) -> CrossDuplicates | None:
    """Return what a run recorded of slices at two hospitals; None where it recorded nothing."""
    shared = {name: own.shared for name, own in run.hospitals.items() if own.shared is not None}
    left_out = {name: own.not_compared for name, own in run.hospitals.items() if own.not_compared is not None}
    return CrossDuplicates(shared, left_out) if shared or left_out else None


def remark(run: Run) -> Remark | None:
    """Say what it means for the run's figures."""
    recorded = found(run)
    if recorded is None:
        return None
    leaks = recorded.test_slices_trained_elsewhere
    if leaks:
        slices = f"{leaks:,} test slices are" if leaks > 1 else "A test slice is"
        return Remark(False, f"{slices} in the training of another hospital, so the figures flatter the model.")
    if recorded.left_out or leaks is None:
        return Remark(None, recorded.sentence)
    if recorded.has_copies:
        return Remark(True, "Some slices are at two hospitals, but no test slice of one is in another's training.")
    return Remark(True, recorded.sentence)


def table(run: Run) -> pd.DataFrame:
    """Return one row for a hospital and each other that holds slices of it; empty where there are none."""
    rows = [
        {
            "Hospital": name,
            "Also at": other,
            "Slices": formats.whole(part.slices),
            "Test slices trained on there": formats.whole(part.test_slices_trained_there),
        }
        for name, own in sorted(run.hospitals.items())
        if own.shared is not None
        for other, part in own.shared.with_each.items()
        if part.pairs
    ]
    return pd.DataFrame(rows)
