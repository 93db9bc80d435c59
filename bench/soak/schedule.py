"""What happens when: drawn from a seed, so that a soak can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STRATEGIES = ("fedavg", "scaffold")
_MOST_IN_A_RUN = 2
_MOST_SECONDS = 6.0


@dataclass(frozen=True)
class Step:
    """One event of a run: what, to whom, and when."""

    event: str
    victim: str
    """Key of a hospital; events that harm nobody in particular pass over it."""
    round: int
    phase: str
    """``"train"`` or ``"evaluate"``."""
    delay: float
    """Seconds after that phase has begun."""
    luck: int
    """Seed of whatever else the event draws."""


@dataclass(frozen=True)
class RunPlan:
    """One run of the soak."""

    number: int
    strategy: str
    steps: tuple[Step, ...]


def schedule(seed: int, events: Sequence[str], hospitals: Sequence[str], rounds: int) -> Iterator[RunPlan]:
    """Yield run after run; the first one of each strategy is left in peace, and no event repeats before all had a turn.

    Parameters
    ----------
    events : sequence of str
        Names of what may happen.
    rounds : int
        Of each run.
    """
    luck = random.Random(seed)
    deck: list[str] = []
    number = 0
    while True:
        strategy = STRATEGIES[number % len(STRATEGIES)]
        drawn: list[str] = []
        if number >= len(STRATEGIES):
            for _ in range(luck.randint(1, _MOST_IN_A_RUN)):
                deck = deck or luck.sample(list(events), len(events))
                drawn.append(deck.pop())
        number += 1
        yield RunPlan(number, strategy, _steps(luck, drawn, hospitals, rounds))


def _steps(luck: random.Random, drawn: Sequence[str], hospitals: Sequence[str], rounds: int) -> tuple[Step, ...]:
    """Spread the drawn events over the rounds."""
    numbers = sorted(luck.randint(1, rounds) for _ in drawn)
    return tuple(
        Step(
            event,
            luck.choice(list(hospitals)),
            number,
            luck.choice(("train", "evaluate")),
            round(luck.uniform(0, _MOST_SECONDS), 1),
            luck.randrange(2**31),
        )
        for event, number in zip(drawn, numbers, strict=True)
    )
