"""Names of hospitals as names of files and metrics: others' tools take fewer signs than a hospital's name may have."""

import re
from collections.abc import Iterable

_FORBIDDEN = re.compile(r"[^A-Za-z0-9_\-. ]+")
_LONGEST = 80


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name of ASCII letters, digits, ``_``, ``-``, ``.`` and spaces for each; no two names get the same."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = _FORBIDDEN.sub("_", name)[:_LONGEST].strip(" .") or "hospital"
        number, free = 1, plain
        while free.casefold() in taken:
            number += 1
            free = f"{plain}-{number}"
        taken.add(free.casefold())
        found[name] = free
    return found
