"""A number for each hospital of a folder, by its key, which gives it one colour in all runs."""

from collections.abc import Iterable, Mapping


def slots(runs: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """Number hospitals in the order in which runs brought them in; one that changed its name keeps its number.

    Parameters
    ----------
    runs : iterable of mapping
        Of each run, the oldest first: name of each hospital to its key.
    """
    by_key: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for hospitals in runs:
        for name, key in hospitals.items():
            if name not in by_name:
                taken = {by_name[other] for other in hospitals if other in by_name}
                known = by_key.get(key)
                unused = max(by_name.values(), default=-1) + 1
                by_name[name] = unused if known is None or known in taken else known
            by_key.setdefault(key, by_name[name])
    return by_name
