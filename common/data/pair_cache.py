"""Keep the near-duplicates of a hospital beside its decoded slices: they cost seconds to find, and only once."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from filelock import FileLock

from common.data.near_duplicates import GROUPING_LEVELS, NearPairs, Thumbs, find_near_duplicates

# Raise it when `find_near_duplicates` would answer differently.
_VERSION = 1


def cached_near_duplicates(thumbs: Thumbs, cache_dir: Path, name: str) -> NearPairs:
    """Return `find_near_duplicates` of `thumbs`, from the cache where it is there.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.
    cache_dir : Path
        Folder of the caches. Where it cannot be written, the search is done each time.
    name : str
        What the pictures belong to; older answers under the same name are removed.

    Returns
    -------
    NearPairs
    """
    content = hashlib.sha256(f"{_VERSION} {GROUPING_LEVELS} {thumbs.shape}".encode() + thumbs.tobytes()).hexdigest()
    prefix = f"near-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"
    target = cache_dir / f"{prefix}-{content[:16]}.npz"
    pairs = _read(target, len(thumbs))
    if pairs is not None:
        return pairs
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(cache_dir / f"{prefix}.lock"):
            # Another process may have searched while this one waited.
            pairs = _read(target, len(thumbs)) or find_near_duplicates(thumbs)
            for old in cache_dir.glob(f"{prefix}-*.npz"):
                if old != target:
                    old.unlink(missing_ok=True)
            _write(target, pairs)
    except OSError:
        pairs = pairs or find_near_duplicates(thumbs)
    return pairs


def _read(path: Path, count: int) -> NearPairs | None:
    """Return what `path` holds, or None when it is missing or damaged."""
    try:
        with np.load(path) as held:
            pairs = NearPairs(held["first"], held["second"], held["correlation"], held["orientation"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    lengths = {len(pairs.first), len(pairs.second), len(pairs.correlation), len(pairs.orientation)}
    return pairs if len(lengths) == 1 and int(pairs.second.max(initial=0)) < max(count, 1) else None


def _write(path: Path, pairs: NearPairs) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".near-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                first=pairs.first,
                second=pairs.second,
                correlation=pairs.correlation,
                orientation=pairs.orientation,
            )
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
