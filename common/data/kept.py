"""Keep what is dear to compute beside the decoded slices, under the hash of what it was computed from."""

import os
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from common import files

Arrays = Mapping[str, npt.NDArray[Any]]


def kept_arrays(
    cache_dir: Path, kind: str, name: str, digest: str, compute: Callable[[], Arrays], fits: Callable[[Arrays], bool]
) -> Arrays:
    """Return arrays from the cache folder where they are there, else compute them and keep them, mode 0600.

    Parameters
    ----------
    cache_dir : Path
        Where it cannot be written, they are computed each time.
    kind : str
        First word of the file's name.
    name : str
        What they belong to; older arrays of the same kind and name are removed.
    digest : str
        Hexadecimal; of everything they are computed from, and of the version of the computation.
    fits : callable
        Tells whether arrays that were read are what would be computed, as far as their shapes go. May raise KeyError.
    """
    prefix = f"{kind}-{sha256(os.fsencode(name)).hexdigest()[:12]}"
    target = cache_dir / f"{prefix}-{digest[:16]}.npz"
    arrays = _read(target, fits)
    if arrays is not None:
        return arrays
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(cache_dir / f"{prefix}.lock"):
            # Another process may have computed them while this one waited.
            arrays = _read(target, fits)
            if arrays is None:
                arrays = compute()
            for old in cache_dir.glob(f"{prefix}-*.npz"):
                if old != target:
                    old.unlink(missing_ok=True)
            _write(target, arrays)
    except OSError:
        arrays = compute() if arrays is None else arrays
    return arrays


def _read(path: Path, fits: Callable[[Arrays], bool]) -> Arrays | None:
    """Return what `path` holds, or None when it is missing or damaged."""
    try:
        with files.open_regular(path) as file, np.load(file, allow_pickle=False) as held:
            arrays = dict(held)
        return arrays if fits(arrays) else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    content, named = BytesIO(), dict[str, Any](arrays)
    np.savez(content, **named)
    files.replace(path, content.getvalue(), mode=0o600)
