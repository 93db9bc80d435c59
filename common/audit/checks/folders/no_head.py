"""DATA025: slices of a volume that show little or no head."""

from common.audit.report import Finding
from common.data.evidence import Evidence
from common.data.sources.volume import NO_HEAD
from common.text import counted


def check(evidence: Evidence) -> Finding | None:
    """Say how many slices above and below the head were left out."""
    slices = [index for index, reason in sorted(evidence.library.unreadable.items()) if reason == NO_HEAD]
    if not slices:
        return None
    volumes = len({evidence.scan.files[index].relative_path for index in slices})
    sentence = (
        f"{counted(len(slices), 'axial slice')} of {counted(volumes, 'volume')} "
        f"{'shows' if len(slices) == 1 else 'show'} little or no head and {'was' if len(slices) == 1 else 'were'} left "
        "out; nothing need be done."
    )
    return Finding("DATA025", "info", "Slices without a head", sentence, len(slices))
