"""Decode a scan's files into a cache directory: threads decode, one writer appends, memory stays bounded.

What the cache knows about each file besides its pixels is the `Index`; only this module reads and writes ``index.npz``.
"""

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain, groupby, islice
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from common import files
from common.data.decode import UnreadableImage, read_bytes, to_square
from common.data.dicom.said import Said
from common.data.identity.pseudonyms import Pseudonyms
from common.data.scan import Scan
from common.data.sources.slices import open_slices

FORMAT_VERSION = 4
"""Part of the cache directory's name: raise it when decoding, resizing or the index's fields change."""

THUMB_SIZE = 32

_CHUNK = 64  # decoded squares that wait for the writer at most; full-size images never wait


@dataclass(frozen=True)
class DecodedFile:
    """What one file gives to the cache; ``square`` and ``thumb`` are None if it is unreadable."""

    byte_sha256: str = ""
    pixel_sha256: str = ""
    size: tuple[int, int] = (0, 0)
    square: np.ndarray | None = None
    thumb: np.ndarray | None = None
    reason: str | None = None
    unopened: bool = False
    said: Said | None = None


@dataclass
class Index:
    """One entry per file of the scan, in its order; see ``ImageLibrary`` for the fields."""

    thumbs: np.ndarray
    sizes: np.ndarray
    byte_sha256: list[str]
    pixel_sha256: list[str]
    unreadable: dict[int, str] = field(default_factory=dict)
    unopened: list[int] = field(default_factory=list)
    """Those of the unreadable files whose content was never seen."""
    said: dict[int, Said] = field(default_factory=dict)
    """What the header of each DICOM file says, with pseudonyms for the patients' ids."""
    salt_mark: str = ""
    """Of the salt that the pseudonyms were made with; empty without any."""

    @classmethod
    def empty(cls, count: int) -> "Index":
        """Return an index of ``count`` blank entries, to be filled in."""
        return cls(
            thumbs=np.zeros((count, THUMB_SIZE, THUMB_SIZE), np.uint8),
            sizes=np.zeros((count, 2), np.int32),
            byte_sha256=[""] * count,
            pixel_sha256=[""] * count,
        )

    def enter(self, position: int, decoded: DecodedFile) -> None:
        """Fill in one entry."""
        self.byte_sha256[position] = decoded.byte_sha256
        self.pixel_sha256[position] = decoded.pixel_sha256
        self.sizes[position] = decoded.size
        if decoded.thumb is not None:
            self.thumbs[position] = decoded.thumb
        if decoded.reason is not None:
            self.unreadable[position] = decoded.reason
        if decoded.unopened:
            self.unopened.append(position)
        if decoded.said is not None:
            self.said[position] = decoded.said


def build(
    scan: Scan,
    image_size: int,
    directory: Path,
    *,
    pseudonyms: Pseudonyms,
    on_progress: Callable[[int, int], None] | None = None,
    workers: int = 2,
) -> None:
    """Decode every file of a scan and write ``pixels.npy`` and ``index.npz`` into an empty directory.

    Parameters
    ----------
    image_size : int
        Edge of the squares in pixels.
    on_progress : callable, optional
        Called as ``on_progress(done, total)`` after each file.
    workers : int
        Decoding threads (Pillow decodes outside the interpreter's lock).

    Raises
    ------
    OSError
        The disk is full or the directory cannot be written.
    """
    count = len(scan.files)
    index = Index.empty(count)
    blank = np.zeros((image_size, image_size, 3), np.uint8)
    # Appended rather than written through a memory map: on a full disk a map kills the process (SIGBUS).
    with (directory / "pixels.npy").open("wb") as file:
        shape = (count, image_size, image_size, 3)
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for position, decoded in enumerate(_decode_all(scan, image_size, workers)):
            index.enter(position, decoded)
            _hide_patient(index, position, pseudonyms)
            file.write(np.ascontiguousarray(blank if decoded.square is None else decoded.square).data)
            if on_progress is not None:
                on_progress(position + 1, count)
        file.flush()
        os.fsync(file.fileno())
    write_index(directory / "index.npz", index, scan.digest)


def _hide_patient(index: Index, position: int, pseudonyms: Pseudonyms) -> None:
    """Put a pseudonym in the place of the patient's id."""
    said = index.said.get(position)
    if said is None or (not (hidden := pseudonyms.of(said.facts.patient)) and not said.facts.patient):
        return
    index.said[position] = replace(said, facts=replace(said.facts, patient=hidden))
    index.salt_mark = pseudonyms.mark


def decode_file(path: Path, image_size: int, frames: Sequence[int] = (0,)) -> Iterator[DecodedFile]:
    """Decode slices of one file to squares of `image_size` pixels; unreadable ones come back with their reason."""
    hashed, numbered = "", len(frames) > 1
    try:
        data = read_bytes(path)
        hashed = sha256(data).hexdigest()
        opened = open_slices(data)
    except UnreadableImage as error:
        lost = DecodedFile(byte_sha256=hashed, reason=error.reason, unopened=error.unopened)
        yield from (lost for _ in frames)
        return
    for frame in frames:
        name = sha256(f"{hashed} {frame}".encode()).hexdigest() if numbered else hashed
        try:
            yield _decoded(opened.read(frame)[0], image_size, name, opened.said)
        except UnreadableImage as error:
            yield DecodedFile(byte_sha256=name, reason=error.reason, said=opened.said)


def _decoded(image: Image.Image, image_size: int, byte_sha256: str, said: Said | None) -> DecodedFile:
    return DecodedFile(
        byte_sha256=byte_sha256,
        pixel_sha256=sha256(f"{image.width}x{image.height}:".encode() + image.tobytes()).hexdigest(),
        size=image.size,
        square=to_square(image, image_size),
        thumb=np.asarray(image.convert("L").resize((THUMB_SIZE, THUMB_SIZE), Image.Resampling.BILINEAR)),
        said=said,
    )


def write_index(path: Path, index: Index, digest: str) -> None:
    """Write ``index.npz`` for the scan that has this digest."""
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
        said=np.frombuffer(msgspec.json.encode(index.said), dtype=np.uint8),
        salt_mark=np.array(index.salt_mark),
    )


def read_index(path: Path, digest: str, count: int) -> Index | None:
    """Read an index back; None if it is damaged or does not belong to `count` files with this digest.

    Raises
    ------
    OSError
        There is no such file.
    """
    try:
        with files.open_regular(path) as file, np.load(file, allow_pickle=False) as stored:
            index = Index(
                thumbs=stored["thumbs"],
                sizes=stored["sizes"],
                byte_sha256=stored["byte_sha256"].tolist(),
                pixel_sha256=stored["pixel_sha256"].tolist(),
                unreadable=dict(zip(stored["unreadable"].tolist(), stored["reasons"].tolist(), strict=True)),
                unopened=stored["unopened"].tolist(),
                said=msgspec.json.decode(stored["said"].tobytes(), type=dict[int, Said], strict=False),
                salt_mark=str(stored["salt_mark"]),
            )
            same = str(stored["digest"]) == digest
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError):
        return None
    whole = len(index.thumbs) == len(index.sizes) == len(index.byte_sha256) == len(index.pixel_sha256) == count
    return index if same and whole else None


def _decode_all(scan: Scan, image_size: int, workers: int) -> Iterator[DecodedFile]:
    """Decode in the scan's order: files of one slice side by side, those of several one after another."""
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="decode") as pool:
        for several, run in groupby(scan.files, key=lambda file: file.frames > 1):
            if several:
                for path, slices in groupby(run, key=lambda file: file.relative_path):
                    yield from decode_file(scan.folder / path, image_size, [each.frame for each in slices])
                continue
            paths = (scan.folder / file.relative_path for file in run)
            while chunk := list(islice(paths, _CHUNK)):
                done = list(pool.map(lambda path: list(decode_file(path, image_size)), chunk))
                yield from chain.from_iterable(done)
