"""DATA016: folders that are named after a class and hold no image."""

from __future__ import annotations

from common.audit.finding import Finding, counted
from common.data.evidence import Evidence


def check(evidence: Evidence) -> list[Finding]:
    """Say which class folders are empty."""
    folders = evidence.scan.empty_folders
    if not folders:
        return []
    sentence = (
        f"{counted(len(folders), 'folder')} named after a class {'holds' if len(folders) == 1 else 'hold'} no image; "
        "check whether the copy was complete, or delete what is empty."
    )
    return [Finding("DATA016", "warning", "Empty folders", sentence, len(folders), folders)]
