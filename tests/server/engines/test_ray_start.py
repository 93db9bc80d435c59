"""Ray's start: it is tried once more, and then said; its store does not grow with the hospitals."""

import threading

import pytest
import ray

from server.engines import ray as engine


@pytest.fixture
def starts(monkeypatch):
    """Let Ray's first starts fail as they do on a busy machine; return how often it was started."""

    def failing(times):
        seen = []

        def init(**settings):
            seen.append(settings)
            if len(seen) <= times:
                raise TimeoutError("the node did not come up in time")

        monkeypatch.setattr(ray, "init", init)
        return seen

    return failing


def test_a_start_that_failed_is_tried_again(starts):
    seen = starts(1)
    engine._start_ray(2)
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_a_second_failure_is_the_last(starts):
    seen = starts(9)
    with pytest.raises(RuntimeError, match="Ray did not start"):
        engine._start_ray(2)
    assert len(seen) == 2


def test_a_hundred_hospitals_need_no_larger_store_than_those_at_work(starts, monkeypatch):
    """Ray refuses a store that is larger than the machine's memory, and keeps no more than what is on its way."""
    monkeypatch.setattr(engine, "run_simulation", lambda *apps, **settings: None)
    seen = starts(0)
    for hospitals in (3, 100):
        engine.launch(None, None, hospitals, 2, threading.Event())
    assert seen[0]["object_store_memory"] == seen[1]["object_store_memory"] < 2**30
