"""Find a hospital's slices: which files are images, and which folder gives each its label. Opens no picture.

Of DICOM and NIfTI files it reads the header, since one of them may hold many slices.

``DATA001`` and ``DATA002``: without a folder, or without a labelled image in it, there is nothing to work on.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from common.data.identity.manifest import Manifest
from common.data.sources.kinds import SUFFIXES, count_slices, may_hold_slices
from common.errors import InputError
from common.labels import CLASSES, LABEL_MAP, normalise_folder
from common.text import printable

SYNTHETIC_MARK = "SYNTHETIC.txt"
"""A file of this name in the hospital's folder, or beside it, says that the slices are drawn, not measured."""

# Left behind by desktops and archive tools, or read elsewhere; neither images nor worth a finding.
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "dicomdir", SYNTHETIC_MARK.casefold(), "manifest.csv"})
_MOST_NAMES = 12
_MOST_FOLDERS = 50  # an archive has several for each patient


@dataclass(frozen=True)
class SliceFile:
    """One slice of a hospital: an image file, or one of the slices in a file that holds several."""

    relative_path: str
    """Path below the hospital's folder, with ``/`` on every machine. It never leaves the hospital."""
    label: int
    """Index into `common.labels.CLASSES`."""
    size_bytes: int
    mtime_ns: int
    """Time of the last change, nanoseconds since 1970."""
    class_folder: str = ""
    """The folder that gave the label, below the hospital's folder."""
    frame: int = 0
    """Which of the file's slices."""
    frames: int = 1
    """How many slices the file holds."""

    @property
    def name(self) -> str:
        """The path, with the number of the slice where the file holds several, as if the file were a folder."""
        return self.relative_path if self.frames == 1 else f"{self.relative_path}/slice {self.frame + 1}"


@dataclass(frozen=True)
class Scan:
    """What lies in a hospital's folder; paths are relative to it."""

    folder: Path
    exists: bool
    """Whether `folder` is a folder at all."""
    files: tuple[SliceFile, ...] = ()
    """The slices that have a label, sorted by `SliceFile.relative_path` and `SliceFile.frame`."""
    unmatched_folders: tuple[str, ...] = ()
    """Folders with images whose names say no class; ``"."`` is the hospital's folder itself."""
    empty_folders: tuple[str, ...] = ()
    """Folders named after a class that hold no image."""
    other_files: int = 0
    """Number of files that are no image by their suffix."""
    synthetic: bool = False
    """Whether the folder is marked with `SYNTHETIC_MARK`."""
    unmatched_images: int = 0
    """Number of images in `unmatched_folders`."""
    unreadable_folders: tuple[str, ...] = ()
    """Folders that the operating system would not list."""
    unlabelled: tuple[SliceFile, ...] = ()
    """The images in `unmatched_folders`, with label -1."""
    manifest: Manifest | None = None
    """What the hospital's manifest says of `files`, by their paths; see `common.data.identity.labelling`."""

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """Labels of `files`, shape ``[N]``."""
        return np.array([file.label for file in self.files], dtype=np.int64)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, sizes and times: changes when any file changes."""
        return _sha256(f"{f.name}\0{f.size_bytes}\0{f.mtime_ns}\n" for f in self.files)

    @cached_property
    def paths_digest(self) -> str:
        """SHA-256 over names only: the same for copies of one folder."""
        return _sha256(f"{file.name}\n" for file in self.files)


def scan_folder(folder: Path, class_map: Mapping[str, str], slice_step: int = 1) -> Scan:
    """List the slices of one hospital, alike whatever order the disk lists them in.

    The nearest folder above an image whose name is in `class_map` or is a class gives its label. Hidden files and
    folders are passed over; a folder reached twice through links is read once.

    Parameters
    ----------
    folder : Path
        The hospital's folder; any depth below it is read.
    class_map : mapping of str to str
        Folder name, in any case and with spaces, ``_`` or ``-``, to class name.
    slice_step : int
        Of a file with several slices, every so many-th is taken.

    Raises
    ------
    InputError
        ``CONF007`` when `class_map` names a class that does not exist or contradicts itself.
    """
    labels = folder_labels(class_map)
    if not os.path.isdir(folder):
        return Scan(folder, exists=False)
    files: list[SliceFile] = []
    unlabelled: list[SliceFile] = []
    class_folders: set[str] = set()
    unreadable: list[str] = []
    others = 0
    for path in _walk(folder, unreadable):
        relative = path.relative_to(folder)
        is_folder = os.path.isdir(path)  # unlike Path's own, no error where this user may not look
        class_folder = _class_folder(relative if is_folder else relative.parent, labels)
        if is_folder:
            if class_folder == relative:
                class_folders.add(relative.as_posix())
        elif not may_hold_slices(path):
            others += 1
        elif class_folder is None:
            unlabelled.extend(_slices_of(path, _slice_file(path, relative, relative.parent, -1), slice_step))
        else:
            label = labels[normalise_folder(class_folder.name)]
            files.extend(_slices_of(path, _slice_file(path, relative, class_folder, label), slice_step))
    files.sort(key=lambda file: (file.relative_path, file.frame))
    in_use = {parent.as_posix() for file in files for parent in PurePosixPath(file.relative_path).parents}
    return Scan(
        folder,
        exists=True,
        files=tuple(files),
        unmatched_folders=tuple(sorted({file.class_folder for file in unlabelled})),
        empty_folders=tuple(sorted(class_folders - in_use - set(unreadable))),
        other_files=others,
        synthetic=any(os.path.isfile(place / SYNTHETIC_MARK) for place in (folder, folder.absolute().parent)),
        unmatched_images=len(unlabelled),
        unreadable_folders=tuple(sorted(unreadable)),
        unlabelled=tuple(unlabelled),
    )


def folder_labels(class_map: Mapping[str, str]) -> dict[str, int]:
    """Return the label of every folder name that is understood, class names included, as `normalise_folder` writes it.

    Raises
    ------
    InputError
        ``CONF007`` as in `scan_folder`.
    """
    known = {normalise_folder(name): label for name, label in LABEL_MAP.items()}
    mapped: dict[str, int] = {}
    for folder_name, class_name in class_map.items():
        label = known.get(normalise_folder(str(class_name)))
        if label is None:
            raise InputError(
                "CONF007",
                f'class_map maps the folder "{folder_name}" to "{class_name}", which is not a class; '
                f"use one of {', '.join(CLASSES)}.",
            )
        key = normalise_folder(str(folder_name))
        if mapped.setdefault(key, label) != label:
            raise InputError(
                "CONF007",
                f'class_map names the folder "{folder_name}" twice, once for {CLASSES[mapped[key]]} and once for '
                f"{CLASSES[label]} (case, spaces, _ and - do not count); keep one of the two.",
            )
    return known | mapped


def require_images(scan: Scan) -> None:
    """Refuse a folder in which there is no labelled image: there is nothing to audit or to train on.

    Raises
    ------
    InputError
        ``DATA001`` when the folder is missing, is a file or cannot be opened; ``DATA002`` when no image in it has a
        label. The sentence names the path tried and the folders that no class claims.
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


def _walk(folder: Path, unreadable: list[str]) -> Iterator[Path]:
    """Yield every folder and file below `folder`; names in sorted order so that links resolve alike everywhere."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            status = current.stat()
            names = sorted(os.listdir(current))
        except OSError:
            unreadable.append(current.relative_to(folder).as_posix())
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        visible = [current / name for name in names if not name.startswith(".") and name.casefold() not in _CLUTTER]
        folders = [path for path in visible if os.path.isdir(path)]
        yield from visible
        waiting.extend(reversed(folders))


def _class_folder(relative: Path, labels: Mapping[str, int]) -> Path | None:
    """Return the nearest folder at or above `relative` that names a class (a file's own name does not count)."""
    for place in (relative, *relative.parents):
        if place.name and normalise_folder(place.name) in labels:
            return place
    return None


def _slice_file(path: Path, relative: Path, class_folder: Path, label: int) -> SliceFile:
    try:
        status = path.stat()
        size, changed = status.st_size, status.st_mtime_ns
    except OSError:
        size, changed = 0, 0  # a link into nowhere: it is listed, and reading it will say what is wrong
    return SliceFile(relative.as_posix(), label, size, changed, class_folder.as_posix())


def _slices_of(path: Path, first: SliceFile, step: int) -> Iterator[SliceFile]:
    """Yield every `step`-th slice of a file; its first one is enough where it holds only that."""
    count = count_slices(path)
    if count == 1:
        yield first
    else:
        yield from (replace(first, frame=frame, frames=count) for frame in range(0, count, step))


def _sha256(lines: Iterator[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _missing(folder: Path) -> str:
    fix = "check data.root and the hospital's path"
    if os.path.exists(folder):
        return f"{printable(str(folder))} is a file, not a folder; {fix}."
    above = next((place for place in folder.parents if os.path.isdir(place)), Path("/"))
    try:
        beside = sorted(
            place.name for place in above.iterdir() if os.path.isdir(place) and not place.name.startswith(".")
        )
    except OSError:
        beside = []
    held = f"it holds {_quoted(beside, _MOST_NAMES)}" if beside else "it holds no folder"
    return f"The folder {printable(str(folder))} does not exist (the nearest that does is {above}; {held}); {fix}."


def _without_images(scan: Scan, folder: Path) -> str:
    if scan.unmatched_folders:
        names = _quoted(scan.unmatched_folders, _MOST_FOLDERS)
        return (
            f"No image with a class was found in {folder}: the folders {names} "
            f"hold images but their names say no class; add the names to class_map with one of {', '.join(CLASSES)}."
        )
    kinds = ", ".join(SUFFIXES)
    closed = f" {_quoted(scan.unreadable_folders, _MOST_NAMES)} could not be opened;" if scan.unreadable_folders else ""
    return f"No image was found in {folder} or below ({kinds});{closed} check data.root and the hospital's path."


def _quoted(names: Sequence[str], most: int | None = None) -> str:
    shown = names[:most]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(f'"{printable(name)}"' for name in shown) + more
