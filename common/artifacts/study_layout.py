"""Where a study's file lies, and how a study gets its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STUDY_ID = re.compile(r"study-(\d{3,9})")


@dataclass(frozen=True)
class StudyFolder:
    """The files of one study; its runs have folders of their own.

    Attributes
    ----------
    output_dir : Path
        Parent of ``artifacts/``.
    study_id : str
        For example ``"study-001"``.
    """

    output_dir: Path
    study_id: str

    @property
    def path(self) -> Path:
        """``artifacts/study-###``."""
        return self.output_dir / "artifacts" / self.study_id

    @property
    def results(self) -> Path:
        """The cells and what they say together."""
        return self.path / "study.json"

    @property
    def lock(self) -> Path:
        """Held while the study runs."""
        return self.path / ".lock"


def list_studies(output_dir: Path) -> list[str]:
    """Return the names of the studies below a folder, the highest number first."""
    try:
        names = [entry.name for entry in (output_dir / "artifacts").iterdir() if STUDY_ID.fullmatch(entry.name)]
    except OSError:
        return []
    return sorted(names, key=lambda name: int(name[6:]), reverse=True)


def new_study(output_dir: Path) -> StudyFolder:
    """Take the number after the highest one there; two studies that start at once never share one."""
    number = max((int(name[6:]) for name in list_studies(output_dir)), default=0)
    while True:
        number += 1
        folder = StudyFolder(output_dir, f"study-{number:03d}")
        try:
            folder.path.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
