"""DATA004: image files that cannot be read, or stop half-way."""

from __future__ import annotations

from collections import Counter

from common.audit.finding import Finding, counted
from common.data.evidence import Evidence


def check(evidence: Evidence) -> list[Finding]:
    """Say how many files could not be read, and why."""
    reasons = evidence.library.unreadable
    if not reasons:
        return []
    count = len(reasons)
    why = "; ".join(f"{reason}: {number:,}" for reason, number in Counter(reasons.values()).most_common(5))
    sentence = (
        f"{counted(count, 'file')} could not be read and {'was' if count == 1 else 'were'} left out ({why}); "
        f"copy {'it' if count == 1 else 'them'} again from the source, or delete {'it' if count == 1 else 'them'}."
    )
    return [Finding("DATA004", "warning", "Unreadable files", sentence, count, evidence.paths(sorted(reasons)))]
