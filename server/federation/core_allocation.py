"""How the hospitals of a simulation share the cores: nobody waits for a core, and no core waits for a hospital.

Two processes of one thread train more slices a second than one process of two threads, as long as both have work. So
small hospitals train side by side, and what would be left over at the end trains with every core. The shares follow
from the hospitals' sizes alone, so that one seed and one number of cores give one result.
"""

from collections.abc import Mapping
from itertools import combinations

# speed of n threads is n ** this: at 96 px on two cores, 67 images/s with two threads, 75 with two processes
_THREAD_EXPONENT = 0.83
_EXHAUSTIVE_HOSPITALS = 10


def allocate_cores(samples: Mapping[str, int], cores: int) -> dict[str, int]:
    """Choose each hospital's threads so that a round ends soonest.

    Parameters
    ----------
    samples : mapping of str to int
        Training slices of each hospital.
    cores : int
        Cores to share.

    Returns
    -------
    dict of str to int
        Hospital to threads, in the order in which they are to start: those that train side by side first, the largest
        of them first, then those that take every core.
    """
    by_size = sorted(samples, key=lambda name: (-samples[name], name))
    best: tuple[float, dict[str, int]] | None = None
    for width in range(1, cores + 1):
        for alone in _candidates(by_size):
            plan = {name: width for name in by_size if name not in alone} | dict.fromkeys(alone, cores)
            seconds = _makespan([samples[n] for n in plan if n not in alone], width, cores)
            seconds += sum(samples[name] for name in alone) / _speed(cores)
            if best is None or seconds < best[0] * (1 - 1e-9):
                best = (seconds, plan)
    if best is None:
        raise ValueError("there is no hospital or no core to share")
    return best[1]


def _candidates(by_size: list[str]) -> list[tuple[str, ...]]:
    """Return the groups of hospitals that might train alone with every core."""
    if len(by_size) > _EXHAUSTIVE_HOSPITALS:
        return [tuple(by_size[:count]) for count in range(len(by_size) + 1)]
    return [group for count in range(len(by_size) + 1) for group in combinations(by_size, count)]


def _makespan(sizes: list[int], width: int, cores: int) -> float:
    """Time of hospitals that start, in this order, on the first free of ``cores // width`` lanes."""
    lanes = [0.0] * (cores // width)
    for size in sizes:
        first = min(range(len(lanes)), key=lanes.__getitem__)
        lanes[first] += size / _speed(width)
    return max(lanes, default=0.0)


def _speed(threads: int) -> float:
    return float(threads**_THREAD_EXPONENT)
