"""DATA015: folders that the operating system would not list."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many folders could not be opened."""
    if not (folders := evidence.scan.unreadable_folders):
        return None
    sentence = (
        f"{counted(len(folders), 'folder')} could not be opened and whatever is inside was left out; give this "
        "program's user the right to read and enter every folder below the hospital's."
    )
    return Finding("DATA015", "error", "Closed folders", sentence, len(folders), folders)
