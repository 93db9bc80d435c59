"""What Analytics, and the report of a run, begin with."""

from collections.abc import Iterable

from common.artifacts.schema import Run
from dashboard.data.caveats import Remark
from dashboard.data.results import Result
from dashboard.data.verdicts import model
from dashboard.data.verdicts.verdict import Verdict


def of_run(run: Run, tested: Result, remarks: Iterable[Remark]) -> Verdict:
    """Judge a run's test by its figures and by what is known against them; made-up slices are said elsewhere."""
    doubts = sum(remark.sound is False for remark in remarks)
    return model.of_test(tested, doubts)
