"""DATA015: folders that the operating system would not list."""

from __future__ import annotations

from common.audit.finding import Finding, counted
from common.data.evidence import Evidence


def check(evidence: Evidence) -> list[Finding]:
    """Say how many folders could not be opened."""
    folders = evidence.scan.unreadable_folders
    if not folders:
        return []
    sentence = (
        f"{counted(len(folders), 'folder')} could not be opened and whatever is inside was left out; give this "
        "program's user the right to read and enter every folder below the hospital's."
    )
    return [Finding("DATA015", "error", "Closed folders", sentence, len(folders), folders)]
