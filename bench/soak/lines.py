"""The network: short and long outages, for one hospital and for all, and a line that delays and loses."""

from __future__ import annotations

import time

from bench.soak.event import Scene, event
from bench.soak.slow_line import slow_line
from tests.deployment.harness import KEYS

_SHORT_SECONDS = (10, 40)
_LONG_SECONDS = 150.0
_SLOW_SECONDS = (60, 150)


@event("a hospital's line is down for less than a minute", "asked again; nobody left out")
def short_outage(scene: Scene) -> str:
    """A router restarts."""
    seconds = scene.luck.randint(*_SHORT_SECONDS)
    scene.moment()
    _outage(scene, [scene.victim], seconds)
    return f"{scene.victim}, {seconds} s"


@event("a hospital's line is down for 150 s", "left out and named, or waited for; back")
def long_outage(scene: Scene) -> str:
    """Longer than Flower waits for a sign of life."""
    scene.excuse(scene.victim)
    scene.moment()
    _outage(scene, [scene.victim], _LONG_SECONDS)
    return scene.victim


@event("the centre's line is down for 150 s", "the run waits, or names who is missing; goes on")
def everybody_cut_off(scene: Scene) -> str:
    """Every hospital is gone at once."""
    scene.excuse(*KEYS)
    scene.moment()
    _outage(scene, KEYS, _LONG_SECONDS)
    return "mended"


@event("a line with 300 ms and 2 % loss", "slower; nobody left out")
def bad_line(scene: Scene) -> str:
    """A mobile connection, for a while."""
    seconds = scene.luck.randint(*_SLOW_SECONDS)
    scene.moment()
    with slow_line(scene.stage.network, scene.victim, milliseconds=150, loss=0.02, seed=scene.step.luck):
        time.sleep(seconds)
    return f"{scene.victim}, {seconds} s"


def _outage(scene: Scene, keys: list[str], seconds: float) -> None:
    for key in keys:
        scene.stage.network.cut(key)
    try:
        time.sleep(seconds)
    finally:
        for key in keys:
            scene.stage.network.mend(key)
