"""The same seed gives the same events, and every event has its turn."""

from itertools import islice

from bench.soak.schedule import STRATEGIES, schedule

EVENTS = [f"event {number}" for number in range(9)]
HOSPITALS = ["a", "b", "c"]


def runs(seed, count=40):
    return list(islice(schedule(seed, EVENTS, HOSPITALS, rounds=3), count))


def test_a_seed_can_be_repeated():
    assert runs(7) == runs(7)
    assert runs(7) != runs(8)


def test_the_first_run_of_each_strategy_is_left_in_peace_and_the_next_ones_are_not():
    first = runs(1)
    assert [run.strategy for run in first[: len(STRATEGIES)]] == list(STRATEGIES)
    assert not any(run.steps for run in first[: len(STRATEGIES)])
    assert all(run.steps for run in first[len(STRATEGIES) :])


def test_no_event_repeats_before_all_had_a_turn():
    drawn = [step.event for run in runs(3) for step in run.steps]
    for start in range(0, len(drawn) - len(EVENTS) + 1, len(EVENTS)):
        assert sorted(drawn[start : start + len(EVENTS)]) == EVENTS


def test_steps_fall_into_the_run_in_order():
    for run in runs(5):
        rounds = [step.round for step in run.steps]
        assert rounds == sorted(rounds)
        assert all(1 <= number <= 3 for number in rounds)
        assert all(step.victim in HOSPITALS for step in run.steps)
