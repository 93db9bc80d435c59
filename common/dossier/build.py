"""Write a dossier whole: the run's files are copied first, and all the rest is made of the copies."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from common import files
from common.artifacts.layout import RunFolder, existing_run
from common.dossier.derive import derived
from common.dossier.evidence import Evidence, read_evidence
from common.errors import InputError
from common.files import why
from common.text import shown

RECORDED = "recorded"
SUMS = "SHA256SUMS"


def write_dossier(output_dir: Path, run_id: str, out: Path) -> Evidence:
    """Write the dossier of a run into a new folder, and return what it is made of.

    Raises
    ------
    InputError
        ``RUN001`` there is no such run, ``DOSSIER001`` the folder is there already or cannot be written.
    """
    folder = existing_run(output_dir, run_id)
    if os.path.lexists(out):
        raise InputError("DOSSIER001", f"{shown(out, 300)} is there already; remove it, or choose another --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _beside(out) as work:
            evidence = _fill(folder, work)
            os.rename(work, out)
    except (OSError, ValueError) as error:
        raise InputError(
            "DOSSIER001", f"{shown(out, 300)} cannot be written ({why(error)}); choose another place with --out."
        ) from None
    return evidence


def sums_file(folder: Path) -> bytes:
    """Return ``SHA256SUMS`` of a folder as ``sha256sum`` writes it: every file but itself, by path."""
    lines = [f"{files.sha256_of(path)}  {name}\n" for name, path in files_in(folder) if name != SUMS]
    return "".join(lines).encode()


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give every file below a folder with its path there, in the order of the paths."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if not path.is_dir())
    yield from sorted(found)


def _fill(folder: RunFolder, work: Path) -> Evidence:
    source = read_evidence(folder.output_dir, folder.run_id)
    root = work / RECORDED
    (root / "artifacts" / folder.run_id).mkdir(parents=True)
    for name in source.sha256:
        _copy(folder.output_dir / name, root / name)
    evidence = read_evidence(root, folder.run_id)
    for name, content in derived(evidence).items():
        _put(work / name, content)
    _put(work / SUMS, sums_file(work))
    return evidence


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with files.open_regular(source) as file, to.open("xb") as copy:
        shutil.copyfileobj(file, copy)


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Give a folder beside the place of the dossier, which goes if it does not become the dossier."""
    work = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".tmp"))
    work.chmod(0o755)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
