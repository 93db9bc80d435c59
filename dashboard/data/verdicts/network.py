"""What Network begins with: where the model does worst, or how far the run is."""

from datetime import datetime

from common.artifacts.schema import Run
from common.text import counted
from dashboard.data import caveats, facts, results
from dashboard.data.live import Now
from dashboard.data.verdicts import analytics, training
from dashboard.data.verdicts.verdict import Verdict, about, apart


def of_run(run: Run, now: Now, at: datetime) -> Verdict | None:
    """Judge a run's model at its hospitals; a run without a test yet is told by its rounds."""
    tested = results.overall_result(run)
    if tested is None:
        return training.of_run(run, now, at)
    remarks = caveats.remarks(run, [tested, *results.hospital_results(run).values()])
    judged = analytics.of_run(run, tested, remarks)
    if judged.tone == "refuse":
        return judged
    slices = f"{tested.n_test:,} test slices" if tested.n_test else "the test slices"
    whose = f"The model of {run.measured_with}, of the same recipe," if run.measured_with else "The model"
    right = f"{whose} names {about(tested.accuracy)} of {slices} right"
    tests = facts.hospital_tests(run)
    if len(tests) < 2:
        return Verdict("caution", (f"{right}; how it does at each hospital was not recorded.",))
    (worst, low), *_, (best, high) = sorted(tests.items(), key=lambda pair: pair[1].accuracy)
    if low.accuracy == high.accuracy:
        equal = f"{right}, equally many at each of {counted(len(tests), 'hospital')}."
        return Verdict(judged.tone, (equal,), judged.word)
    sure = apart(low.interval, high.interval)
    tail = "" if sure else "; the difference could be chance"
    lowest = f"Lowest at {worst}: {about(low.share)}, highest at {best}: {about(high.share)}{tail}."
    doubts = sum(remark.sound is False for remark in remarks)
    why = [f"{counted(doubts, 'reason')} for doubt: see Analytics."] if doubts else []
    said = (f"{right}.", lowest, *why)
    return Verdict("caution", said) if sure else Verdict(judged.tone, said, judged.word)
