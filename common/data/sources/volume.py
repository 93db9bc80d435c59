"""Axial slices of a NIfTI volume (``.nii``, ``.nii.gz``) as RGB; needs nibabel, the extra "imaging".

The volume is turned by its own header so that slices lie as radiologists see them: front up, the patient's right on
the left. Greys are stretched over the whole volume, so that its slices stay comparable. A slice that shows little or
no head is refused with the reason `NO_HEAD`. Sizes are judged by the header, and no more than it claims is unpacked.
"""

from __future__ import annotations

import gzip
import math
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from common import files
from common.data.decode import UnreadableImage

if TYPE_CHECKING:
    from nibabel import Nifti1Header

SUFFIXES = (".nii", ".nii.gz")
NO_HEAD = "shows little or no head"
MAX_SLICES = 1000
MAX_VOLUME_BYTES = 256 * 1024 * 1024

warnings.filterwarnings("ignore", module="nibabel")  # of numbers in a header that cannot be; they are judged here

_HEADER_BYTES = 540  # of NIfTI-2, the larger one
_PACKED_HEADER_BYTES = 65_536  # enough to unpack a header from
_GZIP = b"\x1f\x8b"
_BLACK, _WHITE = 0.5, 99.5  # percentiles of all voxels, and of those brighter than black
_DIM, _LEAST_SHARE = 0.1, 0.1  # a slice shows a head if a tenth of it is brighter than a tenth of the range
_SQUARE = 1.02  # pixels whose sides differ by less are taken as they are
_T = TypeVar("_T")


@dataclass(frozen=True)
class Volume:
    """One volume in memory, in the type it was stored in."""

    levels: npt.NDArray[Any]
    """Shape ``[to the right, to the front, up]``."""
    black: float
    white: float
    sides: tuple[float, float]
    """Width and height of a pixel, in any unit."""

    def read(self, number: int) -> Image.Image:
        """Return one axial slice, counted from the lowest.

        Raises
        ------
        UnreadableImage
            It is not there, or shows no head.
        """
        if not 0 <= number < self.levels.shape[2]:
            raise UnreadableImage("it holds fewer slices than when it was listed")
        plane = self.levels[::-1, ::-1, number].T.astype(np.float64)
        shares = np.clip(np.nan_to_num((plane - self.black) / ((self.white - self.black) or 1.0)), 0.0, 1.0)
        if (shares > _DIM).mean() < _LEAST_SHARE:
            raise UnreadableImage(NO_HEAD)
        return _square_pixels(Image.fromarray(np.rint(shares * 255.0).astype(np.uint8)), self.sides).convert("RGB")


def is_nifti(content: bytes) -> bool:
    """Tell by the mark in the header, whatever the file is called; pairs of two files are not read."""
    try:
        head = _unpacked(content[:_PACKED_HEADER_BYTES], _HEADER_BYTES)
    except UnreadableImage:
        return False
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def slices_in(path: Path) -> int:
    """Return how many axial slices a file's header promises; 1 where it is damaged or promises what cannot be.

    Such a file is listed once, and decoding it says what is wrong.
    """
    try:
        with files.open_regular(path) as file:
            header = _header(file.read(_PACKED_HEADER_BYTES))
        return _guarded(lambda: _shape(header)[_axial_axis(header)])
    except (OSError, UnreadableImage):
        return 1


def read_volume(content: bytes) -> Volume:
    """Read a whole volume.

    Raises
    ------
    UnreadableImage
        nibabel is missing, or the file is damaged, too large, in colour, or holds several volumes.
    """
    header = _header(content)
    return _guarded(lambda: _read(header, content))


def _read(header: Nifti1Header, content: bytes) -> Volume:
    from nibabel.orientations import apply_orientation, io_orientation

    shape, kind, offset = _shape(header), header.get_data_dtype(), int(header.get_data_offset())
    needed = offset + math.prod(shape) * kind.itemsize
    whole = _unpacked(content, needed)
    if len(whole) < needed:
        raise UnreadableImage("truncated: its header claims more voxels than it holds")
    stored = np.frombuffer(whole, kind, math.prod(shape), offset).reshape(shape, order="F")
    orientation = io_orientation(header.get_best_affine())
    levels = apply_orientation(stored, orientation)
    black, white = _range(levels)
    if (header.get_slope_inter()[0] or 1.0) < 0:
        black, white = white, black
    zooms = (*header.get_zooms(), 1.0, 1.0)
    turned = [float(zooms[int(np.flatnonzero(orientation[:, 0] == axis)[0])]) for axis in (0, 1)]
    return Volume(levels, black, white, (turned[0], turned[1]))


def _header(content: bytes) -> Nifti1Header:
    try:
        import nibabel
    except ImportError:
        raise UnreadableImage(
            "reading it needs nibabel, which is not installed here; install it with "
            "pip install 'brain-tumour-federation[imaging]', or export its slices as PNG"
        ) from None
    if not is_nifti(content):
        raise UnreadableImage("not a NIfTI volume in a single file")
    head = BytesIO(_unpacked(content[:_PACKED_HEADER_BYTES], _HEADER_BYTES))
    second = head.getvalue()[4:8] == b"n+2\0"
    return _guarded(lambda: (nibabel.Nifti2Header if second else nibabel.Nifti1Header).from_fileobj(head))


def _guarded(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except UnreadableImage:
        raise
    except MemoryError:
        raise UnreadableImage("not enough memory to read it") from None
    except Exception:  # nibabel raises nearly every built-in type on damaged input
        raise UnreadableImage("truncated or damaged") from None


def _shape(header: Nifti1Header) -> tuple[int, int, int]:
    """Return the three edges in voxels, and refuse what cannot be one grey volume of a head."""
    edges = tuple(int(edge) for edge in header.get_data_shape())
    first, second, third, *more = (*edges, 1, 1, 1)
    if (volumes := math.prod(more)) > 1:
        raise UnreadableImage(f"it holds {volumes:,} volumes; save the one to learn from as a file of its own")
    kind = header.get_data_dtype()
    if kind.kind not in "iuf":
        raise UnreadableImage("it stores colours or complex numbers; save it as a grey volume")
    if min(edges, default=0) < 1 or max(edges) > MAX_SLICES:
        raise UnreadableImage(
            f"its header claims {first} x {second} x {third} voxels; the limit of an edge is {MAX_SLICES:,}"
        )
    if math.prod(edges) * kind.itemsize > MAX_VOLUME_BYTES or header.get_data_offset() > MAX_VOLUME_BYTES:
        raise UnreadableImage(f"too large, over the limit of {MAX_VOLUME_BYTES // 2**20} MiB unpacked")
    return first, second, third


def _axial_axis(header: Nifti1Header) -> int:
    from nibabel.orientations import io_orientation

    return int(np.flatnonzero(io_orientation(header.get_best_affine())[:, 0] == 2)[0])


def _unpacked(content: bytes, most: int) -> bytes:
    """Return the first bytes of a file's content, unpacked where it is packed; fewer where it ends before."""
    if not content.startswith(_GZIP):
        return content[:most]
    unpacked = b""
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) as file:
            unpacked = file.read(most)
    except EOFError:
        return unpacked
    except (OSError, zlib.error):
        raise UnreadableImage("truncated or damaged") from None
    return unpacked


def _range(levels: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the stored values that become black and white; every other voxel along each axis tells them."""
    values = np.asarray(levels[::2, ::2, ::2], dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if not len(values):
        raise UnreadableImage("holds no finite voxel")
    black = float(np.percentile(values, _BLACK))
    inside = values[values > black]
    return black, float(np.percentile(inside, _WHITE)) if len(inside) else black


def _square_pixels(image: Image.Image, sides: tuple[float, float]) -> Image.Image:
    """Stretch a slice whose pixels are not square, as a viewer would; impossible sides are passed over."""
    width, height = sides
    if not (0.1 < width < 10 and 0.1 < height < 10) or max(sides) < _SQUARE * min(sides):
        return image
    least = min(sides)
    return image.resize((round(image.width * width / least), round(image.height * height / least)))
