"""A hospital's slices, decoded once: a memory-mapped array shared by every process that trains on them.

One directory below the cache folder holds one hospital folder at one size::

    <folder hash>-<size>-<digest of the files>/    mode 0700: these are patients' images
        pixels.npy    uint8 [N, S, S, 3]
        index.npz     thumbnails, hashes, sizes, unreadable files

It is built in a temporary directory and renamed, under a file lock, so that a reader never sees half of one and two
processes that start at once decode once. A changed file changes the digest, and with it the directory.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from common.data.cache_build import FORMAT_VERSION, Index, build, read_index
from common.errors import InputError

if TYPE_CHECKING:
    from common.data.scan import Scan


@dataclass(frozen=True)
class ImageLibrary:
    """The decoded slices of one scan, in the scan's order.

    Attributes
    ----------
    pixels : numpy.ndarray
        ``uint8 [N, S, S, 3]``, RGB, read-only memory map; an unreadable file is black.
    thumbs : numpy.ndarray
        ``uint8 [N, 32, 32]``, grey, resized from the full image; an unreadable file is black.
    byte_sha256 : sequence of str
        N hashes of the files' bytes; ``""`` where a file could not be opened.
    pixel_sha256 : sequence of str
        N hashes of the full-size upright RGB pixels (the same picture saved anew has the same); ``""`` if unreadable.
    sizes : numpy.ndarray
        ``int32 [N, 2]``, width and height in pixels; 0 x 0 if unreadable.
    unreadable : dict of int to str
        Index of a file that could not be used, and why, in a few words without its name.
    image_size : int
        S, in pixels.
    digest : str
        The scan's digest.
    """

    pixels: np.ndarray
    thumbs: np.ndarray
    byte_sha256: Sequence[str]
    pixel_sha256: Sequence[str]
    sizes: np.ndarray
    unreadable: dict[int, str]
    image_size: int
    digest: str

    def __len__(self) -> int:
        """Return the number of files, unreadable ones included."""
        return len(self.pixels)


def open_library(
    scan: Scan,
    image_size: int,
    cache_dir: Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    workers: int = 2,
) -> ImageLibrary:
    """Open the decoded slices of a scan, decoding them first if no valid cache is there.

    Parameters
    ----------
    scan : Scan
        The hospital's files.
    image_size : int
        Edge of the square slices in pixels.
    cache_dir : pathlib.Path
        Folder of the caches; created when missing.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` while files are decoded.
    workers : int
        Decoding threads.

    Returns
    -------
    ImageLibrary
        Memory-mapped; closing is left to the garbage collector.

    Raises
    ------
    InputError
        ``CACHE001``: the cache folder cannot be written, or its disk is full.
    """
    if not scan.files:
        return _library(np.zeros((0, image_size, image_size, 3), np.uint8), Index.empty(0), image_size, scan.digest)
    key = f"{sha256(os.fsencode(scan.folder.resolve())).hexdigest()[:12]}-{image_size}"
    target = cache_dir / f"{key}-v{FORMAT_VERSION}-{scan.digest[:16]}"
    opened = _open(target, scan, image_size)
    if opened is not None:
        return opened
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(cache_dir / f"{key}.lock"):
            opened = _open(target, scan, image_size)  # another process may have built it while we waited
            if opened is None:
                _sweep(cache_dir, key)
                _build_and_rename(scan, image_size, target, key, on_progress, workers)
                opened = _open(target, scan, image_size)
    except OSError as error:
        raise _cannot_write(cache_dir, scan, image_size, error) from error
    if opened is None:
        raise InputError("CACHE001", f"The image cache {target} was written but cannot be read back; delete it.")
    return opened


def _open(target: Path, scan: Scan, image_size: int) -> ImageLibrary | None:
    """Open a cache if it is whole, belongs to these files, and no file it could not open has become readable."""
    count = len(scan.files)
    try:
        index = read_index(target / "index.npz", scan.digest, count)
        pixels = np.load(target / "pixels.npy", mmap_mode="r")
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if index is None or pixels.shape != (count, image_size, image_size, 3) or pixels.dtype != np.uint8:
        return None
    if any(os.access(scan.folder / scan.files[i].relative_path, os.R_OK) for i in index.unopened):
        return None
    return _library(pixels, index, image_size, scan.digest)


def _library(pixels: np.ndarray, index: Index, image_size: int, digest: str) -> ImageLibrary:
    return ImageLibrary(
        pixels=pixels,
        thumbs=index.thumbs,
        byte_sha256=index.byte_sha256,
        pixel_sha256=index.pixel_sha256,
        sizes=index.sizes,
        unreadable=index.unreadable,
        image_size=image_size,
        digest=digest,
    )


def _sweep(cache_dir: Path, key: str) -> None:
    """Remove earlier caches of this folder and size, and what dead processes left; the caller holds the key's lock."""
    for old in [*cache_dir.glob(f"{key}-v*"), *cache_dir.glob(f".building-{key}-*")]:
        shutil.rmtree(old, ignore_errors=True)


def _build_and_rename(
    scan: Scan,
    image_size: int,
    target: Path,
    key: str,
    on_progress: Callable[[int, int], None] | None,
    workers: int,
) -> None:
    building = Path(tempfile.mkdtemp(prefix=f".building-{key}-", dir=target.parent))  # mode 0700
    try:
        build(scan, image_size, building, on_progress=on_progress, workers=workers)
        os.replace(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _cannot_write(cache_dir: Path, scan: Scan, image_size: int, error: OSError) -> InputError:
    megabytes = -(-len(scan.files) * image_size * image_size * 3 // 10**6)
    why = error.strerror or str(error)
    return InputError(
        "CACHE001",
        f"The image cache in {cache_dir} cannot be written ({why}); it needs {megabytes} MB for {len(scan.files)} "
        "slices: free some space there or choose another cache folder.",
    )
