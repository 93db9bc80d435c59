"""What is kept of a hospital's slices between runs: their pixels, decoded once, and their near-duplicates.

One directory below the cache folder holds one hospital folder at one size, memory-mapped by every process that trains::

    <folder hash>-<size>-<digest of the files>/    mode 0700: these are patients' images
        pixels.npy    uint8 [N, S, S, 3]
        index.npz     thumbnails, hashes, sizes, unreadable files, what DICOM headers say (pseudonyms for ids)
    near-<folder hash>-<digest of the thumbnails>.npz      see `common.data.kept`

It is built in a temporary directory and renamed, under a file lock, so that a reader never sees half of one and two
processes that start at once decode once. A changed file changes the digest, and with it the directory.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from common import files
from common.data.cache_build import FORMAT_VERSION, Index, build, read_index
from common.data.dicom.said import Said
from common.data.duplicates import GROUPING_LEVELS, NearPairs, find_near_duplicates
from common.data.identity.pseudonyms import Pseudonyms
from common.data.kept import Arrays, kept_arrays
from common.data.scan import Scan
from common.data.thumbs import Thumbs
from common.errors import InputError

Progress = Callable[[int, int], None]
"""Called as ``on_progress(done, total)`` while files are decoded."""

# Raise it when `find_near_duplicates` would answer differently.
_NEAR_VERSION = 2


@dataclass(frozen=True)
class ImageLibrary:
    """The decoded slices of one scan, in the scan's order; an unreadable file is black."""

    pixels: np.ndarray  # uint8 [N, S, S, 3], RGB, read-only memory map
    thumbs: Thumbs  # uint8 [N, 32, 32], grey, resized from the full image
    byte_sha256: Sequence[str]
    """N hashes of the files' bytes; ``""`` where a file could not be opened."""
    pixel_sha256: Sequence[str]
    """N hashes of the full-size upright RGB pixels (the same picture saved anew has the same); ``""`` if unreadable."""
    sizes: np.ndarray  # int32 [N, 2], width and height of the file in pixels; 0 x 0 if unreadable
    unreadable: dict[int, str]
    """Index of a slice that could not be used, and why, in a few words without its name."""
    said: dict[int, Said] = field(default_factory=dict)
    """Index of a slice from a DICOM file, and what its header says."""

    def __len__(self) -> int:
        """Return the number of files, unreadable ones included."""
        return len(self.pixels)


def open_library(
    scan: Scan, image_size: int, cache_dir: Path, *, on_progress: Progress | None = None, workers: int = 2
) -> ImageLibrary:
    """Open the decoded slices of a scan, decoding them first if no valid cache is there.

    Parameters
    ----------
    image_size : int
        Edge of the square slices in pixels.
    cache_dir : Path
        Folder of the caches; created when missing.
    workers : int
        Decoding threads.

    Raises
    ------
    InputError
        ``CACHE001``: the cache folder cannot be written, or its disk is full.
    """
    if not scan.files:
        return _library(np.zeros((0, image_size, image_size, 3), np.uint8), Index.empty(0))
    key = f"{_folder_hash(scan.folder)}-{image_size}"
    target = cache_dir / f"{key}-v{FORMAT_VERSION}-{scan.digest[:16]}"
    _sweep(cache_dir)
    opened = _open(target, scan, image_size)
    if opened is not None:
        return opened
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(cache_dir / f"{key}.lock"):
            opened = _open(target, scan, image_size)  # another process may have built it while we waited
            if opened is None:
                _remove_old(cache_dir, key)
                _build_and_rename(scan, image_size, target, key, on_progress, workers)
                opened = _open(target, scan, image_size)
    except OSError as error:
        raise _cannot_write(cache_dir, scan, image_size, error) from error
    if opened is None:
        raise InputError("CACHE001", f"The image cache {target} was written but cannot be read back; delete it.")
    return opened


def cached_libraries(folder: Path, cache_dir: Path) -> dict[Path, int]:
    """Return the caches of a hospital's folder, with the edge of their slices in pixels; the last used comes last."""
    pattern = re.compile(rf"{_folder_hash(folder)}-(\d+)-v\d+-[0-9a-f]+")
    found = {path: match for path in cache_dir.glob("*-v*") if (match := pattern.fullmatch(path.name))}
    return {path: int(found[path][1]) for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)}


def cached_near_duplicates(
    thumbs: Thumbs, cache_dir: Path, name: str, levels: Sequence[float] = GROUPING_LEVELS
) -> NearPairs:
    """Return `find_near_duplicates` of `thumbs`, from the cache where it is there: they cost seconds to find.

    Parameters
    ----------
    cache_dir : Path
        Folder of the caches. Where it cannot be written, the search is done each time.
    name : str
        What the pictures belong to; older answers under the same name and lowest level are removed.
    """
    content = sha256(f"{_NEAR_VERSION} {tuple(levels)} {thumbs.shape}".encode())
    content.update(np.ascontiguousarray(thumbs).data)

    def fits(arrays: Arrays) -> bool:
        lengths = {len(arrays[field.name]) for field in fields(NearPairs)}
        return len(lengths) == 1 and int(arrays["second"].max(initial=0)) < max(len(thumbs), 1)

    digest = content.hexdigest()
    kind = "near" if levels[0] == GROUPING_LEVELS[0] else f"near{round(100 * levels[0])}"
    held = kept_arrays(cache_dir, kind, name, digest, lambda: vars(find_near_duplicates(thumbs, levels)), fits)
    return NearPairs(*(held[field.name] for field in fields(NearPairs)))


def _folder_hash(folder: Path) -> str:
    return sha256(os.fsencode(folder.resolve())).hexdigest()[:12]


def _open(target: Path, scan: Scan, image_size: int) -> ImageLibrary | None:
    """Open a cache if it is whole, belongs to these files, and no file it could not open has become readable."""
    count = len(scan.files)
    try:
        index = read_index(target / "index.npz", scan.digest, count)
        with files.open_regular(target / "pixels.npy"):  # a pipe would keep the next line waiting
            pixels = np.load(target / "pixels.npy", mmap_mode="r")
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if index is not None and index.salt_mark and index.salt_mark != Pseudonyms(target.parent).mark:
        return None
    if index is None or pixels.shape != (count, image_size, image_size, 3) or pixels.dtype != np.uint8:
        return None
    if any(_opens(scan.folder / scan.files[i].relative_path) for i in index.unopened):
        return None
    return _library(pixels, index)


def _opens(path: Path) -> bool:
    """Tell whether a file can be opened, by opening it: a network's disk may promise more than it does."""
    try:
        files.open_regular(path).close()
    except OSError:
        return False
    return True


def _library(pixels: np.ndarray, index: Index) -> ImageLibrary:
    return ImageLibrary(
        pixels, index.thumbs, index.byte_sha256, index.pixel_sha256, index.sizes, index.unreadable, index.said
    )


def _remove_old(cache_dir: Path, key: str) -> None:
    """Remove earlier caches of this folder and size, and what dead processes left; the caller holds the key's lock."""
    for old in [*cache_dir.glob(f"{key}-v*"), *cache_dir.glob(f".building-{key}-*")]:
        shutil.rmtree(old, ignore_errors=True)


def _sweep(cache_dir: Path) -> None:
    """Remove what killed processes left of any folder: patients' images must not stay behind unseen."""
    files.sweep(cache_dir)
    for left in cache_dir.glob(".building-*"):
        key = left.name.removeprefix(".building-").rpartition("-")[0]
        with contextlib.suppress(OSError, Timeout), FileLock(cache_dir / f"{key}.lock", timeout=0):
            shutil.rmtree(left, ignore_errors=True)


def _build_and_rename(
    scan: Scan, image_size: int, target: Path, key: str, on_progress: Progress | None, workers: int
) -> None:
    building = Path(tempfile.mkdtemp(prefix=f".building-{key}-", dir=target.parent))  # mode 0700
    try:
        pseudonyms = Pseudonyms(target.parent)
        build(scan, image_size, building, pseudonyms=pseudonyms, on_progress=on_progress, workers=workers)
        os.replace(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _cannot_write(cache_dir: Path, scan: Scan, image_size: int, error: OSError) -> InputError:
    megabytes = -(-len(scan.files) * image_size * image_size * 3 // 10**6)
    return InputError(
        "CACHE001",
        f"The image cache in {cache_dir} cannot be written ({files.why(error)}); it needs {megabytes} MB for "
        f"{len(scan.files)} slices: free some space there or choose another cache folder.",
    )
