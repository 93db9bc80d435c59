"""DATA016: folders that are named after a class and hold no image."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say which class folders are empty."""
    if not (folders := evidence.scan.empty_folders):
        return None
    sentence = (
        f"{counted(len(folders), 'folder')} named after a class {'holds' if len(folders) == 1 else 'hold'} no image; "
        "check whether the copy was complete, or delete what is empty."
    )
    return Finding("DATA016", "warning", "Empty folders", sentence, len(folders), folders)
