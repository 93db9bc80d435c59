"""DATA001 and DATA002: without a folder, or without an image in it, there is nothing to audit."""

from __future__ import annotations

from pathlib import Path

from common.audit.finding import printable
from common.data.scan import IMAGE_SUFFIXES, Scan
from common.errors import InputError
from common.labels import CLASSES

_MOST_NAMES = 12


def require_images(scan: Scan) -> None:
    """Refuse a folder in which there is no labelled image.

    Parameters
    ----------
    scan : Scan
        What was found.

    Raises
    ------
    InputError
        ``DATA001`` when the folder is missing, is a file or cannot be opened; ``DATA002`` when no image in it has a
        label. The sentence names the path tried and every folder that no class claims.
    """
    folder = scan.folder.absolute()
    if not scan.exists:
        raise InputError("DATA001", _missing(folder))
    if "." in scan.unreadable_folders:
        raise InputError(
            "DATA001", f"The folder {folder} could not be opened; give this program's user the right to read it."
        )
    if not scan.files:
        raise InputError("DATA002", _without_images(scan, folder))


def _missing(folder: Path) -> str:
    fix = "check data.root and the hospital's path"
    if folder.exists():
        return f"{folder} is a file, not a folder; {fix}."
    above = next(place for place in folder.parents if place.is_dir())
    try:
        beside = sorted(place.name for place in above.iterdir() if place.is_dir() and not place.name.startswith("."))
    except OSError:
        beside = []
    held = f"it holds {_quoted(beside)}" if beside else "it holds no folder"
    return f"The folder {folder} does not exist (the nearest that does is {above}; {held}); {fix}."


def _without_images(scan: Scan, folder: Path) -> str:
    if scan.unmatched_folders:
        names = _quoted(list(scan.unmatched_folders), every=True)
        return (
            f"No image with a class was found in {folder}: the folders {names} "
            f"hold images but their names say no class; add the names to class_map with one of {', '.join(CLASSES)}."
        )
    kinds = ", ".join(sorted(IMAGE_SUFFIXES))
    closed = f" {_quoted(list(scan.unreadable_folders))} could not be opened;" if scan.unreadable_folders else ""
    return f"No image was found in {folder} or below ({kinds});{closed} check data.root and the hospital's path."


def _quoted(names: list[str], every: bool = False) -> str:
    shown = names if every else names[:_MOST_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(f'"{printable(name)}"' for name in shown) + more
