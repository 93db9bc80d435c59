"""DATA009: classes of which the hospital has no slice."""

from __future__ import annotations

from common.audit.finding import Finding, listed
from common.data.evidence import Evidence
from common.labels import CLASSES


def check(evidence: Evidence) -> list[Finding]:
    """Say which classes the hospital lacks."""
    held = set(evidence.scan.labels[evidence.usable].tolist())
    missing = [name for label, name in enumerate(CLASSES) if label not in held]
    if not missing:
        return []
    sentence = (
        f"This hospital has no usable slice of {listed(missing)}; it takes part all the same and learns "
        f"{'that class' if len(missing) == 1 else 'those classes'} from the others: check folder names and class_map "
        "if it should have some."
    )
    return [Finding("DATA009", "info", "Classes not here", sentence, len(missing))]
