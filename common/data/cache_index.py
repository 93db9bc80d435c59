"""What a decoded library knows about each file besides its pixels: ``index.npz``, its only writer and reader."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# Part of the cache directory's name: raise it when decoding, resizing or this file's fields change.
FORMAT_VERSION = 2
THUMB_SIZE = 32


@dataclass
class Index:
    """One entry per file of the scan, in its order; see ``ImageLibrary`` for the fields.

    ``unopened`` lists those of the unreadable files whose content was never seen.
    """

    thumbs: np.ndarray
    sizes: np.ndarray
    byte_sha256: list[str]
    pixel_sha256: list[str]
    unreadable: dict[int, str] = field(default_factory=dict)
    unopened: list[int] = field(default_factory=list)

    @classmethod
    def empty(cls, count: int) -> Index:
        """Return an index of ``count`` blank entries, to be filled in."""
        return cls(
            thumbs=np.zeros((count, THUMB_SIZE, THUMB_SIZE), np.uint8),
            sizes=np.zeros((count, 2), np.int32),
            byte_sha256=[""] * count,
            pixel_sha256=[""] * count,
        )


def write_index(path: Path, index: Index, digest: str) -> None:
    """Write an index.

    Parameters
    ----------
    path : pathlib.Path
        ``index.npz`` of a library that is being built.
    index : Index
        The entries.
    digest : str
        The digest of the scan they belong to.
    """
    np.savez(
        path,
        digest=np.array(digest),
        thumbs=index.thumbs,
        sizes=index.sizes,
        byte_sha256=np.array(index.byte_sha256, dtype="U64"),
        pixel_sha256=np.array(index.pixel_sha256, dtype="U64"),
        unreadable=np.array(sorted(index.unreadable), dtype=np.int64),
        reasons=np.array([index.unreadable[i] for i in sorted(index.unreadable)], dtype=np.str_),
        unopened=np.array(index.unopened, dtype=np.int64),
    )


def read_index(path: Path, digest: str, count: int) -> Index | None:
    """Read an index back.

    Parameters
    ----------
    path : pathlib.Path
        ``index.npz``.
    digest : str
        The digest that the files have now.
    count : int
        The number of files.

    Returns
    -------
    Index or None
        None if it is damaged or belongs to other files.

    Raises
    ------
    OSError
        There is no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            index = Index(
                thumbs=stored["thumbs"],
                sizes=stored["sizes"],
                byte_sha256=stored["byte_sha256"].tolist(),
                pixel_sha256=stored["pixel_sha256"].tolist(),
                unreadable=dict(zip(stored["unreadable"].tolist(), stored["reasons"].tolist(), strict=True)),
                unopened=stored["unopened"].tolist(),
            )
            same = str(stored["digest"]) == digest
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    whole = len(index.thumbs) == len(index.sizes) == len(index.byte_sha256) == len(index.pixel_sha256) == count
    return index if same and whole else None
