"""DATA006: pictures that are nearly the same as another one, also mirrored or turned."""

from __future__ import annotations

import numpy as np

from common.audit.finding import Finding, counted
from common.data.duplicates import REPORT_ABOVE, connected
from common.data.evidence import Evidence


def check(evidence: Evidence) -> list[Finding]:
    """Say how many pictures have a look-alike, exact copies included."""
    pairs = evidence.pairs.above(REPORT_ABOVE)
    if not len(pairs):
        return []
    alike = np.unique(np.concatenate([pairs.first, pairs.second]))
    together = alike[np.argsort(connected(pairs, len(evidence.copies))[alike], kind="stable")]
    changed = pairs.where(pairs.orientation > 0)
    turned = len(np.unique(np.concatenate([changed.first, changed.second])))
    after = f", {turned:,} of them after mirroring or turning" if turned else ""
    sentence = (
        f"{counted(len(alike), 'slice looks', 'slices look')} almost exactly like another one (correlation of small "
        f"versions above {REPORT_ABOVE}){after}; look-alikes stay on one side of the split and nothing need be done, "
        "but there are fewer different pictures than files."
    )
    return [Finding("DATA006", "info", "Near-duplicates", sentence, len(alike), evidence.paths(together))]
