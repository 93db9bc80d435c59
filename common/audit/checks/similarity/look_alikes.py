"""DATA006: pictures that are nearly the same as another one, also mirrored or turned."""

import numpy as np

from common.audit.report import Finding
from common.data.duplicates import REPORT_ABOVE, components
from common.data.evidence import Evidence
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many pictures have a look-alike, exact copies included."""
    pairs, file = evidence.pairs.above(REPORT_ABOVE), evidence.file_number
    pairs = pairs.where(file[pairs.first] != file[pairs.second])  # neighbours in a volume are no news
    if not len(pairs):
        return None
    alike = np.unique(np.concatenate([pairs.first, pairs.second]))
    changed = pairs.where(pairs.orientation > 0)
    turned = len(np.unique(np.concatenate([changed.first, changed.second])))
    after = f", {turned:,} of them after mirroring or turning" if turned else ""
    sentence = (
        f"{counted(len(alike), 'slice looks', 'slices look')} almost exactly like another one (correlation of small "
        f"versions above {REPORT_ABOVE}){after}; look-alikes stay on one side of the split and nothing need be done, "
        "but there are fewer different pictures than files."
    )
    paths = evidence.paths(alike, by=components(pairs.first, pairs.second, len(evidence.copies)))
    return Finding("DATA006", "info", "Near-duplicates", sentence, len(alike), paths)
