"""Studies in a folder, for the page; made of the same cells as the tests of `common.study`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from common.artifacts.layout import new_study
from common.artifacts.study import write_study
from common.study.records import Study
from tests.support.studies import done, lost, study, worth_it

__all__ = ["done", "lost", "one_seed", "save", "study", "unfinished", "worth_it"]


def save(output_dir: Path, found: Study) -> Path:
    """Write a study and return its file."""
    folder = new_study(output_dir)
    write_study(folder, replace(found, study_id=folder.study_id), {"rounds": 4})
    return folder.results


def unfinished() -> Study:
    """Two seeds, of which one lacks its local run."""
    cells = [
        done("local", 42, 80),
        done("fedavg", 42, 90),
        lost("local", 43, "failed", "RUN010: a reason"),
        done("fedavg", 43, 91),
    ]
    return study([*cells, lost("pooled", 42), lost("pooled", 43)], state="incomplete")


def one_seed() -> Study:
    """One seed of two strategies."""
    return study([done("local", 42, 80), done("fedavg", 42, 90)])
