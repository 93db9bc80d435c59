"""What Analytics, and the report of a run, begin with."""

from collections.abc import Iterable
from dataclasses import replace

from common.artifacts.schema import Run
from dashboard.data.caveats import Remark
from dashboard.data.results import Result
from dashboard.data.verdicts import model
from dashboard.data.verdicts.verdict import Verdict


def of_run(run: Run, tested: Result, remarks: Iterable[Remark]) -> Verdict:
    """Judge a run's test by its figures and by what is known against them; made-up slices are said elsewhere."""
    doubts = sum(remark.sound is False for remark in remarks)
    judged = model.of_test(tested, doubts)
    if not run.measured_with:
        return judged
    whose = f"Nothing tested this model; of {run.measured_with}, whose recipe it has:"
    return replace(judged, sentences=(whose, *judged.sentences))
