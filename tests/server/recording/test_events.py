import inspect

import pytest

from server.recording.events import Listener, Listeners

EVENTS = [name for name, method in inspect.getmembers(Listener, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_reaches_every_listener_in_order_with_what_it_says(event):
    heard = []

    def listening(who: str) -> Listener:
        listener = Listener()
        setattr(listener, event, lambda *values: heard.append((who, values)))
        return listener

    values = tuple(inspect.signature(getattr(Listener, event)).parameters)[1:]
    getattr(Listeners([listening("first"), listening("second")]), event)(*values)
    assert heard == [("first", values), ("second", values)]


def test_a_listener_may_care_for_nothing():
    for event in EVENTS:
        count = len(inspect.signature(getattr(Listener, event)).parameters) - 1
        assert getattr(Listener(), event)(*[None] * count) is None
