"""Is a dossier as it was written, and are its figures those of the counts in it? Everything that is not is named."""

import re
from collections.abc import Iterator, Mapping, Set
from itertools import zip_longest
from pathlib import Path

from common import files
from common.artifacts.layout import LEDGER, META, PRIVACY_AUDIT, STATUS
from common.artifacts.ledger.check import expected_of
from common.artifacts.ledger.lines import Differs, read_chain
from common.artifacts.load import list_runs
from common.artifacts.run_files import versions
from common.artifacts.values import Notes, mapping, read_json, text
from common.dossier.build import RECORDED, SUMS, files_in
from common.dossier.derive import derived
from common.dossier.evidence import RECORDS, Evidence, read_evidence
from common.dossier.recompute import wrong_figures
from common.errors import InputError
from common.files import why
from common.text import shown

_ENVIRONMENT = "environment.json"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def differences(folder: Path) -> Iterator[str]:
    """Give a sentence for each thing in a dossier that is not as it was written or as its counts say.

    Raises
    ------
    InputError
        ``DOSSIER002`` the folder is no dossier.
    """
    sums, evidence = _sums(folder), _evidence(folder)
    present = dict(files_in(folder))
    changed = dict(_hashes(sums, present))
    yield from changed.values()
    if not any(name.startswith(f"{RECORDED}/") for name in changed):  # else all that is made of it differs, too
        yield from _made_again(evidence, folder, present.keys(), changed)
    yield from (f"{RECORDED}: {sentence}" for sentence in wrong_figures(evidence))
    yield from _ledger(evidence)


def _sums(folder: Path) -> dict[str, str]:
    try:
        lines = files.read_text(folder / SUMS).splitlines()
    except (OSError, ValueError) as error:
        raise InputError(
            "DOSSIER002", f"{shown(folder, 300)} is no dossier: {SUMS} cannot be read ({why(error)})."
        ) from None
    found = [match for line in lines if (match := _LINE.fullmatch(line))]
    if not found or len(found) < len(lines):
        raise InputError("DOSSIER002", f"{shown(folder, 300)} is no dossier: {SUMS} is no list of hashes and files.")
    return {match[2]: match[1] for match in found}


def _evidence(folder: Path) -> Evidence:
    runs = list_runs(folder / RECORDED)
    if len(runs) != 1:
        raise InputError(
            "DOSSIER002", f"{shown(folder, 300)} is no dossier: {RECORDED}/artifacts does not hold one run."
        )
    return read_evidence(folder / RECORDED, runs[0])


def _hashes(sums: Mapping[str, str], present: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    for name, digest in sums.items():
        if name not in present:
            yield name, f"{name} is missing."
        elif _digest(present[name]) != digest:
            yield name, f"{name} was changed: {SUMS} has another hash."
    for name in sorted(present.keys() - sums.keys() - {SUMS}):
        yield name, f"{name} is not in {SUMS}."


def _made_again(evidence: Evidence, folder: Path, present: Set[str], changed: Mapping[str, str]) -> Iterator[str]:
    """Make everything anew and compare."""
    writer = text(mapping(read_json(folder / _ENVIRONMENT, Notes(_ENVIRONMENT))).get("written_by_version"))
    other = "" if writer == versions()["project"] else f" Version {shown(writer)} wrote it, and this is another one."
    for name, content in derived(evidence).items():
        if name not in present:
            yield from [] if name in changed else [f"{name} is missing."]
            continue
        found = _content(folder / name)
        if found != content:
            yield f"{name} is not what {RECORDED} gives{_where(found, content)}.{other}"


def _where(found: bytes, content: bytes) -> str:
    """Return the first line of a text that is another one."""
    lines, wanted = (each.decode(errors="replace").splitlines() for each in (found, content))
    for number, (line, right) in enumerate(zip_longest(lines, wanted, fillvalue=""), start=1):
        if line != right:
            return f": line {number} says {shown(line)!r} in place of {shown(right)!r}"
    return ""


def _ledger(evidence: Evidence) -> Iterator[str]:
    """Compare the recorded files with the run's ledger, which was signed while the run went on."""
    folder = evidence.run.folder
    if evidence.path_of(LEDGER) is None:
        return
    try:
        chain = read_chain(folder / LEDGER)
    except Differs as problem:
        yield f"{RECORDED}: {problem}"
        return
    expected = expected_of(chain.entries)
    for name, digest in ((name, evidence.sha256.get(evidence.path_of(name) or "")) for name in RECORDS):
        if digest and name == META and chain.completed and digest != chain.completed.meta:
            yield f"{RECORDED}: {META} is not the one that the ledger says."
        changing = name == STATUS and name not in expected.settled
        if digest and name not in (META, LEDGER, PRIVACY_AUDIT) and not changing and not expected.accepts(name, digest):
            yield f"{RECORDED}: {name} is not the one that the ledger says."


def _digest(path: Path) -> str | None:
    try:
        return files.sha256_of(path)
    except OSError:
        return None


def _content(path: Path) -> bytes:
    try:
        return files.read_bytes(path, files.JSON_BYTES)
    except OSError:
        return b""
