"""DATA013: files that are no image."""

from __future__ import annotations

from common.audit.finding import Finding, counted
from common.data.evidence import Evidence
from common.data.scan import IMAGE_SUFFIXES


def check(evidence: Evidence) -> list[Finding]:
    """Say how many files were passed over."""
    count = evidence.scan.other_files
    if not count:
        return []
    sentence = (
        f"{counted(count, 'file')} without the suffix of an image {'was' if count == 1 else 'were'} passed over; if "
        f"slices are among them, export them as one of {', '.join(sorted(IMAGE_SUFFIXES))}."
    )
    return [Finding("DATA013", "info", "Other files", sentence, count)]
