"""Files as people upload them, drawn here: sound, odd and hostile ones."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from dashboard.model.upload import UploadedSlice, open_upload


def slice_levels(size: int = 96) -> np.ndarray:
    """A disc with a bright spot in its upper right quarter, uint8 [size, size]."""
    y, x = np.mgrid[0:size, 0:size] / (size - 1) - 0.5
    disc = (np.hypot(x, y) < 0.42) * 90.0
    spot = np.exp(-((x - 0.15) ** 2 + (y + 0.15) ** 2) / 0.01) * 150.0
    return (disc + spot * (disc > 0)).clip(0, 255).astype(np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(size: int = 96) -> bytes:
    return encoded(Image.fromarray(slice_levels(size)))


def bomb_png(width: int = 20_000, height: int = 15_000) -> bytes:
    """A sound 300-megapixel PNG of a few kilobytes: 1 bit a pixel, all black."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def read_upload(name: str, content: bytes) -> UploadedSlice:
    """The slice of a file, or the middle one of several."""
    opened = open_upload(name, content)
    return opened.read(opened.count // 2)


def dicom(levels: np.ndarray | None = None, **changes: Any) -> bytes:
    """A DICOM file, Explicit VR Little Endian; `changes` set header fields, None removes one."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    levels = slice_levels().astype(np.uint16) * 16 if levels is None else levels
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = changes.pop("syntax", ExplicitVRLittleEndian)
    dataset.SOPClassUID, dataset.Modality, dataset.PatientName = MRImageStorage, "MR", "Rao^Asha"
    dataset.Rows, dataset.Columns = levels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = levels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = dataset.BitsAllocated, dataset.BitsAllocated - 1
    dataset.PixelData = changes.pop("PixelData", levels.tobytes()) or b""
    if not dataset.PixelData:
        del dataset.PixelData
    for name, value in changes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
