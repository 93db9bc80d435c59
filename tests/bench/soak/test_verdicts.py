"""What is judged wrong is wrong: growth, weights, absences without a cause or a reason."""

import pytest

from bench.soak import verdicts
from bench.soak.verdicts import FAILED, OK, OPEN, Happened, Trial

HISTORY = [
    {"epoch": 1, "failed": [{"hospital": "A", "phase": "train", "reason": "no answer within 9 s"}]},
    {"epoch": 2, "failed": [{"hospital": "B", "phase": "evaluate", "reason": " "}]},
]


def of(rows, what):
    return next(row for row in rows if row.what == what)


def test_absences_are_read_from_the_history():
    assert verdicts.absences(HISTORY) == [
        ("A", "train, round 1", "no answer within 9 s"),
        ("B", "evaluate, round 2", " "),
    ]


def test_an_absence_needs_a_cause_and_a_reason():
    absent = verdicts.absences(HISTORY)
    assert verdicts.unexplained(absent[:1], {"A"}) == []
    assert "without a cause" in verdicts.unexplained(absent[:1], {"B"})[0]
    assert "nobody says why" in verdicts.unexplained(absent[1:], {"B"})[0]


@pytest.mark.parametrize(
    ("sizes", "verdict"),
    [
        ([500.0] * 12, OK),
        ([100.0, 300.0, *[500.0] * 10], OK),  # what fills at the beginning does not grow
        ([500.0 + 30 * number for number in range(12)], FAILED),
        ([500.0, 900.0], OPEN),
    ],
    ids=["flat", "warm-up", "leak", "too few"],
)
def test_memory_is_flat_or_it_grows(sizes, verdict):
    looks = [{"SuperLink, centre, 7": size, "clients.join, a, 8": 90.0} for size in sizes]
    assert of(verdicts.resources(looks, [], [], [], []), "memory between runs").verdict == verdict


def test_descriptors_and_leftovers_are_judged():
    files = [{"SuperLink, centre, 7": 40.0 + 5 * number} for number in range(12)]
    rows = verdicts.resources([], files, [], [3.0] * 12, ["disk/.updates-x"])
    assert of(rows, "open files between runs").verdict == FAILED
    assert of(rows, "temporary files").verdict == OK
    assert of(rows, "nothing is left behind after a run").verdict == FAILED


@pytest.mark.parametrize(("most", "verdict"), [(600.0, OK), (2400.0, FAILED)])
def test_a_flood_may_not_fill_the_memory(most, verdict):
    assert verdicts.peaks({"SuperLink": 500.0}, {"SuperLink": most}).verdict == verdict


def test_other_weights_a_failed_run_and_an_event_that_went_wrong_fail():
    good = Trial(1, "fedavg", "completed", same_weights=True, happened=[Happened("kill", 1, "resumed")])
    bad = Trial(2, "fedavg", "failed", same_weights=False, happened=[Happened("kill", 2, "", problem="gone")])
    late = Trial(3, "fedavg", "completed", happened=[Happened("kill", 3, "over", missed=True)])
    expected = {"kill": "resumed", "flood": "nothing"}
    assert {row.verdict for row in verdicts.outcome([good], expected)} == {OK, OPEN}
    rows = verdicts.outcome([good, bad, late], expected)
    assert [of(rows, what).verdict for what in ("kill", "every run completes", "the same final weights")] == [
        FAILED
    ] * 3
    assert of(rows, "kill").times == 2
    assert of(rows, "flood").verdict == OPEN


def test_a_problem_of_a_run_is_told():
    trial = Trial(4, "fedavg", "completed", problems=["a traceback on the screen serve"])
    row = of(verdicts.outcome([trial], {}), "every refusal is named")
    assert (row.verdict, row.happened) == (FAILED, "run 4: a traceback on the screen serve")
