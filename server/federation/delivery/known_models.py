"""How a model goes to each hospital: by its name where it is there already, as a difference, or whole.

Between machines the server remembers which model each hospital was sent last. A hospital that has lost it says so, and
`server.federation.exchange` sends the whole one. Within one machine nothing travels, so every message has the model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from common.model.weights import AnyArray, Arrays
from common.protocol.codec import pack
from common.protocol.digest import digest_of
from common.protocol.messages import Record, Task, task_records
from server.federation.exchange import Request
from server.recording.checkpoint import RunProgress

Coder = Callable[[Mapping[str, AnyArray], Mapping[str, AnyArray]], Arrays]
"""Returns what makes the second model of the first, or nothing where only the whole one travels."""


@dataclass(frozen=True)
class Parcel:
    """One model in each form in which it may travel."""

    arrays: Arrays
    packed: Arrays
    digest: str = ""  # empty where hospitals keep none
    base: str = ""  # of the model that the difference is to
    difference: Arrays = field(default_factory=dict)  # packed


class KnownModels:
    """Which model each hospital of a run has.

    Parameters
    ----------
    known : dict of str to str, optional
        Hospital key to the digest of its model, at the start; None where hospitals keep none.
    coder : callable
        Codes differences.
    on_whole : callable
        Hears which hospital is sent a whole model although others need less.
    """

    def __init__(
        self,
        known: dict[str, str] | None = None,
        coder: Coder = lambda base, model: {},
        on_whole: Callable[[str], None] = lambda hospital: None,
    ) -> None:
        self._keep_models = known is not None
        self._known = known or {}
        self._coder = coder
        self._on_whole = on_whole
        self._last = Parcel({}, {})

    def parcel(self, arrays: Arrays) -> Parcel:
        """Make a model ready to travel; a difference is to the one before."""
        if arrays is not self._last.arrays:
            self._last = self._packed(arrays)
        return self._last

    def request(
        self, key: str, node: int, kind: str, task: Task, parcel: Parcel, control: Record | None = None
    ) -> Request:
        """Return the message that brings a task and its model to a hospital; cores as the task's threads."""
        packed_control = control or {}
        whole = task_records(replace(task, model=parcel.digest), parcel.packed, packed_control)
        known = self._known.get(key)
        if not parcel.digest or known not in (parcel.digest, parcel.base):
            if parcel.base or (parcel.digest and not task.split):
                self._on_whole(key)
            return Request(key, node, kind, whole, task.threads)
        base, sent = ("", Arrays()) if known == parcel.digest else (parcel.base, parcel.difference)
        short = task_records(replace(task, model=parcel.digest, base=base), sent, packed_control)
        return Request(key, node, kind, short, task.threads, whole)

    def has(self, key: str, parcel: Parcel) -> None:
        """Remember that a hospital has a model; one that lost it again will say so."""
        self._known[key] = parcel.digest

    def _packed(self, arrays: Arrays) -> Parcel:
        packed = pack(arrays)
        if not self._keep_models or not arrays:
            return Parcel(arrays, packed)
        before = self._last
        difference = pack(self._coder(before.arrays, arrays)) if before.digest else {}
        return Parcel(arrays, packed, digest_of(arrays), before.digest if difference else "", difference)


def at_start(names: Mapping[str, str], progress: RunProgress) -> dict[str, str]:
    """Return who has the model that a run goes on from: who validated it; the first one mostly follows from the seed.

    One that another run trained does not, so with ``init=...`` nobody has it and it is sent.

    Parameters
    ----------
    names : mapping of str to str
        Hospital key to name.
    """
    rows = [row for row in progress.history if row["epoch"] == progress.round]
    if not rows and progress.origin:
        return {}
    parts = rows[0]["hospitals"] if rows else {}
    has = [key for key, name in names.items() if not rows or "val_confusion_matrix" in parts.get(name, {})]
    return dict.fromkeys(has, digest_of(progress.arrays))
