"""The slices in a file, whatever it is: a picture, a DICOM file, a NIfTI volume. Its content decides, not its name.

Training, audit, Predict and Grad-CAM all take their pixels from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image

from common.data.decode import STRETCHED, UnreadableImage, decode_rgb
from common.data.dicom.header import frame_count, is_dicom, judge, read_dataset
from common.data.dicom.pixels import read_frame
from common.data.dicom.said import Said, said_in
from common.data.sources.volume import is_nifti, read_volume


@dataclass(frozen=True)
class OpenFile:
    """A file that was read and judged by its header; its slices are decoded one by one."""

    read: Callable[[int], tuple[Image.Image, tuple[str, ...]]]
    """Slice number, from 0, to upright RGB and what the reader should know of it; may raise `UnreadableImage`."""
    count: int = 1
    """How many slices it holds."""
    said: Said | None = None
    """What a DICOM header says besides its pixels."""


def open_slices(content: bytes) -> OpenFile:
    """Open a file's content.

    Raises
    ------
    UnreadableImage
        No slice can be had from it; the reason says why in a few words.
    """
    if is_dicom(content):
        return _open_dicom(content)
    if is_nifti(content):
        volume = read_volume(content)
        return OpenFile(lambda number: (volume.read(number), ()), volume.levels.shape[2])
    image = decode_rgb(content)
    notes = (STRETCHED,) if image.info.get("note") == STRETCHED else ()
    return OpenFile(lambda _: (image, notes))


def _open_dicom(content: bytes) -> OpenFile:
    """Open a DICOM file; one that is refused by its header still says what it says."""
    dataset = read_dataset(content)
    said = said_in(dataset)
    try:
        judge(dataset, len(content))
    except UnreadableImage as error:
        return OpenFile(partial(_refuse, error), said=said)
    return OpenFile(partial(read_frame, dataset), frame_count(dataset), said)


def _refuse(error: UnreadableImage, number: int) -> tuple[Image.Image, tuple[str, ...]]:
    raise error
