"""DATA012: the slices are drawn by a program."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.data.scan import SYNTHETIC_MARK


def check(evidence: Evidence) -> Finding | None:
    """Say that nothing learnt here says anything of patients."""
    if not evidence.scan.synthetic:
        return None
    sentence = (
        f"These slices are drawn by a program ({SYNTHETIC_MARK} lies beside them): every figure made from them is a "
        "rehearsal; point data.root at real slices for a result."
    )
    return Finding("DATA012", "warning", "Synthetic slices", sentence, len(evidence.scan.files))
