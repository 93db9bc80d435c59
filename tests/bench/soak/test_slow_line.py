"""A slow line passes frames on in order, late, and loses the share that it was told to."""

import random

from bench.soak.slow_line import Queue


def test_frames_come_late_and_in_order():
    queue = Queue(0.15, 0.0, random.Random(1))
    queue.put(b"a", now=0.0)
    queue.put(b"b", now=0.1)
    assert list(queue.due(0.14)) == []
    assert queue.pause(0.1) < 0.06
    assert list(queue.due(0.2)) == [b"a"]
    assert list(queue.due(0.3)) == [b"b"]
    assert queue.pause(0.3) == 1.0


def test_a_share_is_lost():
    queue = Queue(0.0, 0.02, random.Random(1))
    for _ in range(20_000):
        queue.put(b"", now=0.0)
    assert 0.015 < 1 - len(list(queue.due(1.0))) / 20_000 < 0.025
