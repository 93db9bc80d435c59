"""The table of runs: which rows are shown, in which order and groups, and what stands in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from common.artifacts.schema import UNRECORDED, Run
from common.config.strategies import STRATEGIES
from dashboard.charts import formats
from dashboard.data import facts
from dashboard.data.listing.run_index import RunIndex

PAGE = 50  # rows at once
GROUPS = {"": "Nothing", "strategy": "Strategy", "tag": "Tag", "alike": "Settings but the seed"}
SORTS = ("run", "best", "test", "seed", "strategy", "rounds", "state")
STATES = ("running", "completed", "failed", "interrupted", UNRECORDED)
SPARK_POINTS = 40
_SHOWN_TAGS = 4
_FIRST_DOWN = ("run", "best", "test", "rounds")  # the newest and the highest first


@dataclass(frozen=True)
class View:
    """What a visitor asked the table for."""

    find: str = ""
    """Words that all have to be in a run's number, name, tags or notes."""
    only: tuple[str, ...] = ()
    """Filters such as ``"tag: paper"``; of one kind any, of each kind one has to fit."""
    group: str = ""
    """One of `GROUPS`."""
    sort: str = "run"
    """One of `SORTS`; with a leading ``-`` the other way round."""
    archived: bool = False
    pinned: tuple[str, ...] = ()
    """Runs that stay on top."""


def filters(index: RunIndex) -> list[str]:
    """Return what the table can be filtered by: strategies, tags and states."""
    strategies = dict.fromkeys(_strategy(index, key) for key in index.entries)
    tags = dict.fromkeys(tag for entry in index.entries.values() for tag in entry.about.tags)
    found = {"strategy": sorted(strategies), "tag": sorted(tags), "state": STATES}
    return [f"{kind}: {value}" for kind, values in found.items() for value in values]


def arranged(index: RunIndex, view: View) -> list[tuple[str, str]]:
    """Return the runs to show as pairs of group and key: pinned ones first, in no group."""
    keys = [key for key in index.entries if key in view.pinned or _fits(index, key, view)]
    name, down = view.sort.lstrip("-"), view.sort.startswith("-") != (view.sort.lstrip("-") in _FIRST_DOWN)
    if name != "run" or not down:  # the index has the newest first
        keys = _sorted(keys, _VALUES.get(name, _VALUES["run"]), index, down)
    pinned = [("", key) for key in view.pinned if key in keys]
    rest = [(group, key) for key in keys if key not in view.pinned for group in _groups(index, key, view.group)]
    if view.group:
        order = {group: at for at, group in enumerate(dict.fromkeys(group for group, _ in rest))}
        rest.sort(key=lambda pair: order[pair[0]])
    return pinned + rest


def row(index: RunIndex, key: str) -> dict[str, Any]:
    """Return what the table shows of a run, as texts; the curve as numbers."""
    run, about = index.glance(key), index.about(key)
    best = run.best_round
    test = facts.own_test(run)
    done = run.rounds[-1].number if run.rounds else 0
    return {
        "key": key,
        "name": index.name(key),
        "open": None if ":" in key else f"training?run={key}",
        "star": about.star,
        "tags": list(about.tags[:_SHOWN_TAGS]),
        "notes": about.notes[:200],
        "archived": about.archived,
        "spark": _spark(run),
        "best": formats.percent(best.val_accuracy if best else None),
        "test": f"of {run.measured_with}"
        if run.measured_with
        else formats.share(test.share if test else formats.Share()),
        "seed": _text(_seed(index, key)),
        "strategy": _strategy(index, key),
        "rounds": f"{done}/{run.status.rounds or len(run.rounds)}",
        "state": run.state,
    }


def _fits(index: RunIndex, key: str, view: View) -> bool:
    about = index.about(key)
    if about.archived and not view.archived:
        return False
    if view.find:
        said = " ".join([key, index.name(key), _strategy(index, key), *about.tags, about.notes]).casefold()
        if not all(word in said for word in view.find.casefold().split()):
            return False
    return all(_has(index, key, kind, values) for kind, values in _by_kind(view.only).items())


def _by_kind(only: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in only:
        kind, _, value = each.partition(": ")
        found.setdefault(kind, set()).add(value)
    return found


def _has(index: RunIndex, key: str, kind: str, values: set[str]) -> bool:
    if kind == "strategy":
        return _strategy(index, key) in values
    if kind == "tag":
        return bool(values & set(index.about(key).tags))
    return index.glance(key).state in values


def _groups(index: RunIndex, key: str, group: str) -> Sequence[str]:
    if group == "strategy":
        return [_strategy(index, key)]
    if group == "tag":
        return index.about(key).tags or ["No tag"]
    if group == "alike":
        return [index.alike(key) or "Settings not recorded"]
    return [""]


def _sorted(keys: list[str], value: Callable[[RunIndex, str], Any], index: RunIndex, down: bool) -> list[str]:
    """Sort, what is missing always last."""
    known = [(found, at, key) for at, key in enumerate(keys) if (found := value(index, key)) is not None]
    known.sort(key=lambda each: each[0], reverse=down)
    found_keys = dict.fromkeys(key for _, _, key in known)
    return [*found_keys, *(key for key in keys if key not in found_keys)]


def _number(index: RunIndex, key: str) -> tuple[str, int]:
    label, _, run_id = key.rpartition(":")
    return label, int(run_id[4:])


def _best(index: RunIndex, key: str) -> float | None:
    found = index.glance(key).best_round
    return found.val_accuracy if found else None


def _test(index: RunIndex, key: str) -> float | None:
    found = facts.own_test(index.glance(key))
    return found.accuracy if found else None


def _rounds(index: RunIndex, key: str) -> int:
    rounds = index.glance(key).rounds
    return rounds[-1].number if rounds else 0


def _seed(index: RunIndex, key: str) -> int | None:
    found = index.settings(key).get("seed")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _strategy(index: RunIndex, key: str) -> str:
    body = index.settings(key).get("strategy")
    name = body.get("name") if isinstance(body, dict) else None
    return STRATEGIES[name].title if isinstance(name, str) and name in STRATEGIES else "not recorded"


_VALUES: dict[str, Callable[[RunIndex, str], Any]] = {
    "run": _number,
    "best": _best,
    "test": _test,
    "seed": _seed,
    "strategy": _strategy,
    "rounds": _rounds,
    "state": lambda index, key: index.glance(key).state,
}


def _spark(run: Run) -> list[float]:
    """Return the validation accuracies, at most `SPARK_POINTS` of them, the last among them."""
    values = [round(each.val_accuracy, 4) for each in run.rounds if each.val_accuracy is not None]
    step = max(1, -(-len(values) // SPARK_POINTS))
    return values[::-1][::step][::-1]


def _text(value: int | None) -> str:
    return formats.MISSING if value is None else str(value)
