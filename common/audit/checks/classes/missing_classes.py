"""DATA009: classes of which the hospital has no slice."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.labels import CLASSES
from common.text import listed


def check(evidence: Evidence) -> Finding | None:
    """Say which classes the hospital lacks."""
    held = set(evidence.scan.labels[evidence.usable].tolist())
    if not (missing := [name for label, name in enumerate(CLASSES) if label not in held]):
        return None
    sentence = (
        f"This hospital has no usable slice of {listed(missing)}; it takes part all the same and learns "
        f"{'that class' if len(missing) == 1 else 'those classes'} from the others: check folder names and class_map "
        "if it should have some."
    )
    return Finding("DATA009", "info", "Classes not here", sentence, len(missing))
