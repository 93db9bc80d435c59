"""What a run is called: its strategy, then only those settings that tell it from the other runs of its folder."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from common.artifacts.values import mapping, number
from common.config.external import SYNTHETIC
from common.config.overrides import NO_FIGURE, flat
from common.config.privacy import DP_SGD, DP_SGD_SECAGG, NONE, SECAGG
from common.config.settings import RunSettings
from common.config.strategies import STRATEGIES
from common.text import counted, shown

MOST_PARTS = 6  # besides the strategy and the seed
_LONGEST = 40  # of a value that is text
_ABSENT = object()
_UNSAID = (
    *NO_FIGURE,
    "compare",
    "cross_matrix",
    "fine_tune_rounds",
    "data.keep_cases",
    "strategy.name",
    "strategy.min_hospitals",
    "strategy.timeout_seconds",
    "strategy.wait_seconds",
    "strategy.attempts",
    "compute.device",
    "compute.threads",
)
_PRIVACY = {
    NONE: "",
    SECAGG: "secure aggregation",
    DP_SGD: "DP-SGD",
    DP_SGD_SECAGG: "DP-SGD, secure aggregation",
}
_WORDS: dict[str, Callable[[Any], str]] = {  # in the order in which they are said
    "data.image_size": lambda side: f"{_value(side)} px",
    "model.name": lambda name: _value(name),
    "wire.name": lambda name: _value(name),
    "privacy.name": lambda name: _PRIVACY.get(str(name), _value(name)),
    "privacy.epsilon": lambda epsilon: "" if epsilon is None else f"epsilon {_value(epsilon)}",
    "privacy.delta": lambda delta: "" if delta is None else f"delta {_value(delta)}",
    "privacy.noise": lambda noise: "" if noise is None else f"noise {_value(noise)}",  # null: the hospitals choose it
    "rounds": lambda count: counted(count, "round") if isinstance(count, int) else f"{_value(count)} rounds",
    "train.local_epochs": lambda count: f"{_value(count)} local epoch{'' if count == 1 else 's'}",
    "train.lr": lambda rate: f"lr {_value(rate)}",
    "train.batch_size": lambda size: f"batch {_value(size)}",
    "train.optimiser": lambda name: {"adam": "Adam", "sgd": "SGD"}.get(str(name), _value(name)),
    "data.max_per_class": lambda most: "all slices" if most is None else f"{_value(most)} per class",
    "hospitals": lambda names: _hospitals(names),
    "init": lambda init: _beginning(init),
}
_OWN = {f"strategy.{number}" for row in STRATEGIES.values() for number in row.numbers}
_ALL = (*_WORDS, *flat(asdict(RunSettings())))
NAMES = tuple(dict.fromkeys(name for name in _ALL if name not in (*_UNSAID, *_OWN, "seed")))
"""Settings that a name may say, in their order; the strategy and its numbers stand before them, the seed after."""
_ALWAYS = ("data.image_size", "model.name", "wire.name", "privacy.name", "privacy.epsilon", "seed")
"""Said wherever runs differ in them."""
FEW = 3
"""Where runs differ in more settings, the others are said only if they tell runs apart that are alike so far."""


def titles(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return each run's title, such as ``"FedProx 0.1 · 64 px · seed 7"``; empty for one that recorded no settings.

    Parameters
    ----------
    settings : mapping
        The nested settings of all runs that stand beside each other, by key.
    """
    own = _own_numbers(settings)
    differing = [name for name in (*NAMES, "seed") if _differ([_found(body, name) for body in settings.values()])]
    if len(differing) > FEW:
        differing = _telling(differing, settings, [_strategy(body, own) for body in settings.values()])
    return {key: _title(body, differing, own) for key, body in settings.items()}


def _telling(names: list[str], settings: Mapping[str, Mapping[str, Any]], alike: list[str]) -> list[str]:
    """Return the settings that tell runs apart which are alike by those before them; those of `_ALWAYS` too.

    Parameters
    ----------
    alike : list of str
        What is already said of each run.
    """
    kept = []
    for name in names:
        finer = [f"{said}\n{_found(body, name)}" for said, body in zip(alike, settings.values(), strict=True)]
        if name in _ALWAYS or len({*finer}) > len({*alike}):
            kept.append(name)
            alike = finer
    return kept


def _title(settings: Mapping[str, Any], differing: list[str], own: Mapping[str, list[str]]) -> str:
    if not settings:
        return ""
    said = [text for name in differing if name != "seed" and (text := _part(settings, name))]
    if len(said) > MOST_PARTS:
        said = [*said[:MOST_PARTS], "…"]
    seed = _part(settings, "seed") if "seed" in differing else ""
    return " · ".join(part for part in (_strategy(settings, own), *said, seed) if part)


def _strategy(settings: Mapping[str, Any], own: Mapping[str, list[str]]) -> str:
    """Write the strategy with its number, or with those of several numbers in which its runs differ."""
    name = _found(settings, "strategy.name")
    row = STRATEGIES.get(name) if isinstance(name, str) else None
    if row is None:
        return _value(name) if isinstance(name, str) else "strategy not recorded"
    if len(row.numbers) == 1:
        value = _found(settings, f"strategy.{row.numbers[0]}")
        return row.title if value in (_ABSENT, None) else f"{row.title} {_value(value)}"
    return " ".join([row.title, *(_part(settings, f"strategy.{each}") for each in own.get(str(name), []))])


def _own_numbers(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return, of each strategy with several numbers, those in which its runs differ."""
    bodies: dict[str, list[Mapping[str, Any]]] = {}
    for body in settings.values():
        bodies.setdefault(str(_found(body, "strategy.name")), []).append(body)
    return {
        name: [each for each in row.numbers if _differ([_found(body, f"strategy.{each}") for body in bodies[name]])]
        for name, row in STRATEGIES.items()
        if name in bodies
    }


def _differ(values: list[Any]) -> bool:
    return len({str(value) for value in values if value is not _ABSENT}) > 1


def _found(settings: Mapping[str, Any], name: str) -> Any:
    *groups, last = name.split(".")
    for group in groups:
        settings = mapping(settings.get(group))
    return settings.get(last, _ABSENT)


def _part(settings: Mapping[str, Any], name: str) -> str:
    value = _found(settings, name)
    if value is _ABSENT:
        return ""
    if name in _WORDS:
        return _WORDS[name](value)
    words = name.rpartition(".")[2].replace("_", " ")
    if value is None or isinstance(value, bool):
        return words if value else f"no {words}"
    return f"{words} {_value(value)}"


def _value(value: Any) -> str:
    if (found := number(value)) is not None:
        return f"{found:g}" if isinstance(value, float) else str(value)[:_LONGEST]
    return shown(value if isinstance(value, str | None) else type(value).__name__, _LONGEST)


def _beginning(init: Any) -> str:
    if init is None:
        return "from scratch"
    return "from program-made images" if init == SYNTHETIC else f"from {_value(init)}"


def _hospitals(names: Any) -> str:
    known = [str(name) for name in names] if isinstance(names, list | tuple) else []
    return shown(" + ".join(known), _LONGEST) if 0 < len(known) < 3 else counted(len(known), "hospital")
