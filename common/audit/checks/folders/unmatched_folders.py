"""DATA003: folders with images whose names say no class."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.labels import CLASSES
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say which folders were passed over because nobody said what they show."""
    if not (folders := evidence.scan.unmatched_folders):
        return None
    images = evidence.scan.unmatched_images
    sentence = (
        f"{counted(images, 'image')} in {counted(len(folders), 'folder')} {'was' if images == 1 else 'were'} left out "
        f"because the folder's name says no class; add the name to class_map in the hospital's YAML file with one of "
        f"{', '.join(CLASSES)}, or move the folder elsewhere."
    )
    return Finding("DATA003", "warning", "Folders without a class", sentence, len(folders), folders)
