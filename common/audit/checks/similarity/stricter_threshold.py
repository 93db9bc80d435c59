"""DATA018: the slices are so much alike that only closer look-alikes could be kept together."""

from common.audit.report import Finding
from common.data.duplicates import GROUPING_LEVELS
from common.data.evidence import Evidence


def check(evidence: Evidence) -> Finding | None:
    """Say that the usual threshold would have tied most slices into one group."""
    level = evidence.groups.level
    if level <= GROUPING_LEVELS[0]:
        return None
    what = "only exact copies were" if level >= 1 else f"only slices with a correlation above {level} were"
    sentence = (
        f"The slices resemble one another so much that the usual threshold ({GROUPING_LEVELS[0]}) would tie most of "
        f"them into one group, so {what} kept together in the split; read the test figures with that in mind."
    )
    return Finding("DATA018", "warning", "Very similar slices", sentence, len(evidence.scan.files))
