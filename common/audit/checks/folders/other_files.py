"""DATA013: files that are no image."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.data.sources.kinds import SUFFIXES
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many files were passed over."""
    if not (count := evidence.scan.other_files):
        return None
    sentence = (
        f"{counted(count, 'file')} without the suffix of an image {'was' if count == 1 else 'were'} passed over; if "
        f"slices are among them, export them as one of {', '.join(SUFFIXES)}."
    )
    return Finding("DATA013", "info", "Other files", sentence, count)
