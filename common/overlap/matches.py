"""What was found of slices that several hospitals hold: counts for everybody, and for each hospital a list of indices.

A test slice of one hospital that another trains on flatters the model. Indices only their own hospital can look up.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.errors import InputError
from common.protocol.description import Description

_KIND = "slices that other hospitals hold too"


@dataclass(frozen=True)
class MatchList:
    """What the centre tells one hospital of slices that others hold too."""

    hospital: str
    """The key of the hospital it is for."""
    files_sha256: str
    """Hash of the list of files that its fingerprints were made from."""
    matches: tuple[tuple[int, str, int], ...]
    """Own index, name of the other hospital, index there; sorted."""
    patients: tuple[tuple[str, str, bool], ...] = ()
    """Token of an own patient, name of another hospital that knows the same id, and whether that patient is in the own
    test and in the training there; sorted."""

    def to_json(self) -> str:
        """Return JSON, one match a line."""
        head = {"kind": _KIND, "hospital": self.hospital, "files_sha256": self.files_sha256}
        lines = [
            json.dumps({"index": own, "hospital": name, "their_index": theirs}, ensure_ascii=False)
            for own, name, theirs in self.matches
        ]
        known = [
            json.dumps({"token": token, "hospital": name, "tested_and_trained_there": leaks}, ensure_ascii=False)
            for token, name, leaks in self.patients
        ]
        body, patients = ",\n  ".join(lines), ",\n  ".join(known)
        start = json.dumps(head, ensure_ascii=False)[:-1]
        return f'{start}, "matches": [\n  {body}\n], "patients": [\n  {patients}\n]}}\n'

    @staticmethod
    def from_json(text: str, source: str) -> "MatchList":
        """Read what `to_json` wrote; `source` says in an error where it comes from.

        Raises
        ------
        InputError
            ``DUP005`` if it is something else.
        """
        try:
            content = json.loads(text)
            if content["kind"] != _KIND:
                raise ValueError("of another kind")
            matches = tuple((int(m["index"]), str(m["hospital"]), int(m["their_index"])) for m in content["matches"])
            patients = tuple(
                (str(p["token"]), str(p["hospital"]), bool(p["tested_and_trained_there"]))
                for p in content.get("patients", [])
            )
            return MatchList(str(content["hospital"]), str(content["files_sha256"]), matches, patients)
        except (ValueError, KeyError, TypeError):
            raise InputError(
                "DUP005", f"{source} is no list of matches; the centre makes it with: python -m server.cross_duplicates"
            ) from None


@dataclass(frozen=True)
class SharedWith:
    """What one hospital shares with one other."""

    pairs: int = 0
    """Pairs of slices that count as one."""
    slices: int = 0
    """Own slices among them."""
    test_slices_trained_there: int = 0
    """Own test slices that the other hospital trains on."""
    patients: int = 0
    """Own patients whose id the other hospital knows too."""
    test_patients_trained_there: int = 0
    """Those of them in the own test whom the other hospital trains on."""


@dataclass(frozen=True)
class Shared:
    """What one hospital shares with all others."""

    slices: int
    """Own slices that at least one other hospital holds."""
    test_slices_trained_elsewhere: int
    """Own test slices that at least one other hospital trains on."""
    with_each: Mapping[str, SharedWith]
    """By the other hospital's name; those that share nothing are there with zeros."""
    patients: int = 0
    """Own patients whose id at least one other hospital knows too."""
    test_patients_trained_elsewhere: int = 0
    """Own test patients whom at least one other hospital trains on."""


@dataclass(frozen=True)
class CrossDuplicates:
    """The result of comparing the hospitals of a run."""

    shared: Mapping[str, Shared] = field(default_factory=dict)
    """By the name of each hospital that was compared."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Name of each hospital that was not compared, and why."""
    lists: Sequence[MatchList] = ()
    """For each compared hospital that shares anything."""

    @property
    def has_copies(self) -> bool:
        """Whether any slice is at two hospitals."""
        return any(own.slices for own in self.shared.values())

    @property
    def sentence(self) -> str:
        """All of it in a line."""
        return f"{self._slices}{self._patients}"

    @property
    def _patients(self) -> str:
        held = ", ".join(f"{name} {own.patients:,}" for name, own in self.shared.items() if own.patients)
        if not held:
            return ""
        leaks = self.test_patients_trained_elsewhere
        tested = f"{leaks:,} of a test are in a training elsewhere" if leaks else "none is in a test and a training"
        return f" Patients whose id another hospital knows too: {held}; {tested}. Ids can be alike by chance."

    @property
    def _slices(self) -> str:
        reasons = dict.fromkeys(self.left_out.values())
        named = [(", ".join(n for n, why in self.left_out.items() if why == reason), reason) for reason in reasons]
        left_out = "; ".join(f"{names}: {reason}" for names, reason in named)
        if not self.shared:
            return f"Slices at two hospitals were not looked for ({left_out})."
        without = f" Not compared: {left_out}." if left_out else ""
        if not self.has_copies:
            return f"No slice is at two hospitals, by keyed fingerprints.{without}"
        held = ", ".join(f"{name} {own.slices:,}" for name, own in self.shared.items() if own.slices)
        leaks = self.test_slices_trained_elsewhere
        tested = f"{leaks:,} test slices are trained on elsewhere, so the test flatters" if leaks else "no test leaks"
        return f"Slices that another hospital holds too: {held}; {tested}.{without}"

    @property
    def test_slices_trained_elsewhere(self) -> int | None:
        """Test slices that another hospital trains on, over all hospitals; None where fewer than two were compared."""
        return sum(own.test_slices_trained_elsewhere for own in self.shared.values()) if self.shared else None

    @property
    def test_patients_trained_elsewhere(self) -> int | None:
        """Test patients whom another hospital trains on, by their ids; None as for slices."""
        return sum(own.test_patients_trained_elsewhere for own in self.shared.values()) if self.shared else None

    def to_json(self, name: str) -> dict[str, Any]:
        """Return one hospital's part of ``dataset_stats.json``."""
        if name not in self.shared:
            return {"compared": False, "reason": self.left_out.get(name, "it was not asked")}
        own = self.shared[name]
        return {
            "compared": True,
            "slices": own.slices,
            "test_slices_trained_elsewhere": own.test_slices_trained_elsewhere,
            "patients": own.patients,
            "test_patients_trained_elsewhere": own.test_patients_trained_elsewhere,
            "with": {other: vars(part) for other, part in own.with_each.items()},
        }


def summarise(
    lists: Iterable[MatchList], described: Mapping[str, Description], left_out: Mapping[str, str]
) -> CrossDuplicates:
    """Count matches, in the order of `lists`.

    Parameters
    ----------
    lists : iterable of MatchList
        One for each hospital that was compared, empty ones included.
    described : mapping of str to Description
        By hospital key: their splits.
    left_out : mapping of str to str
        Name of each hospital that was not compared, and why.
    """
    compared = {described[matches.hospital].name: matches for matches in lists}
    trained = {d.name: set(d.train_idx) for d in described.values()}
    shared = {}
    for name, matches in compared.items():
        tested = set(described[matches.hospital].test_idx)
        others = [other for other in compared if other != name]
        shared[name] = _shared(matches, tested, {other: trained[other] for other in others})
    return CrossDuplicates(
        shared, dict(left_out), [matches for matches in compared.values() if matches.matches or matches.patients]
    )


def _shared(matches: MatchList, tested: set[int], trained: Mapping[str, set[int]]) -> Shared:
    """Count one hospital's matches; `trained` holds the training slices of each other hospital, by name."""
    with_each: dict[str, SharedWith] = {}
    leaking: set[int] = set()
    for other, training in trained.items():
        pairs = [(own, theirs) for own, name, theirs in matches.matches if name == other]
        leaks = {own for own, theirs in pairs if own in tested and theirs in training}
        known = [leaks_there for _, name, leaks_there in matches.patients if name == other]
        with_each[other] = SharedWith(len(pairs), len({own for own, _ in pairs}), len(leaks), len(known), sum(known))
        leaking |= leaks
    patients = {token for token, _, _ in matches.patients}
    leaking_patients = {token for token, _, leaks_there in matches.patients if leaks_there}
    slices = {own for own, _, _ in matches.matches}
    return Shared(len(slices), len(leaking), with_each, len(patients), len(leaking_patients))
