"""Figures of a run that rest on scores, patients and subgroups, over all hospitals or at one; empty for older runs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from common.artifacts.figure_rows import figure_table
from common.artifacts.schema import Run
from common.artifacts.values import mapping
from dashboard.data.comparison import csv
from dashboard.data.results import ALL


def figures_of(run: Run, title: str) -> Any:
    """Return the figures of a test, by the title of its `results.Result`; None where none are recorded."""
    return metrics_of(run, title).get("figures")


def metrics_of(run: Run, title: str) -> Mapping[str, Any]:
    """Return all that is recorded of a test, by the title of its `results.Result`."""
    return run.metrics if title == ALL else mapping(mapping(run.metrics.get("per_hospital")).get(title))


def figures_csv(run: Run) -> bytes:
    """Write every figure with its interval, one a row, as fractions."""
    return csv(pd.DataFrame(figure_table(run.metrics)))
