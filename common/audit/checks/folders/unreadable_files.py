"""DATA004: image files that cannot be read, or stop half-way."""

from collections import Counter

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.data.sources.volume import NO_HEAD
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many files could not be read, and why."""
    reasons = {index: reason for index, reason in evidence.library.unreadable.items() if reason != NO_HEAD}
    if not reasons:
        return None
    count = len(reasons)
    why = "; ".join(f"{reason}: {number:,}" for reason, number in Counter(reasons.values()).most_common(5))
    sentence = (
        f"{counted(count, 'file')} could not be read and {'was' if count == 1 else 'were'} left out ({why}); "
        f"copy {'it' if count == 1 else 'them'} again from the source, or delete {'it' if count == 1 else 'them'}."
    )
    return Finding("DATA004", "warning", "Unreadable files", sentence, count, evidence.paths(sorted(reasons)))
