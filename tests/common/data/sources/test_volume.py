from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest

from common.data.decode import UnreadableImage
from common.data.sources.volume import NO_HEAD, is_nifti, read_volume, slices_in
from tests.support.uploads import png

DATA = Path(nibabel.__file__).parent / "tests" / "data"


def volume(slices: int = 6, right: int = 20, front: int = 24) -> np.ndarray:
    """A head, bright at the patient's front right and brighter from slice to slice, int16 [right, front, up]."""
    levels = np.zeros((right, front, slices), np.int16)
    levels[4:-4, 4:-4] = 100 * (2 + np.arange(slices))
    levels[-8:-4, -8:-4] = 1000
    return levels


def saved(levels: np.ndarray, affine: np.ndarray | None = None) -> bytes:
    return nibabel.Nifti1Image(levels, np.eye(4) if affine is None else affine).to_bytes()


def grey(content: bytes, number: int) -> np.ndarray:
    return np.asarray(read_volume(content).read(number))[..., 0]


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableImage) as refused:
        read_volume(content).read(0)
    return refused.value.reason


def test_front_is_up_and_the_patients_right_is_on_the_left():
    found = grey(saved(volume()), 2)
    assert found.shape == (24, 20)
    assert (found[4:8, 4:8] == 255).all()
    assert found[-5, -5] == found[-5, 5] < 255


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_a_volume_gives_the_same_slices_however_it_was_acquired(order, flips):
    levels, affine = volume(), np.zeros((4, 4))
    stored = levels.transpose(order)[tuple(slice(None, None, flip) for flip in flips)]
    for axis, (world, flip) in enumerate(zip(order, flips, strict=True)):
        affine[world, axis] = flip
    affine[3, 3] = 1
    content = saved(np.ascontiguousarray(stored), affine)
    for number in range(6):
        assert (grey(content, number) == grey(saved(levels), number)).all()


def test_slices_of_one_volume_share_their_greys():
    levels = [int(grey(saved(volume()), number)[12, 5]) for number in range(6)]
    assert levels == sorted(set(levels))


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.float32, np.float64])
def test_any_depth_gives_the_same_picture(kind):
    levels = (volume() // 8).astype(kind)
    assert (grey(saved(levels), 3) == grey(saved(volume() // 8), 3)).all()


def test_packed_is_the_same_as_unpacked(tmp_path):
    content = saved(volume())
    packed = gzip.compress(content)
    assert (grey(packed, 1) == grey(content, 1)).all()
    for name, data in (("a.nii", content), ("a.nii.gz", packed)):
        (tmp_path / name).write_bytes(data)
        assert slices_in(tmp_path / name) == 6


def test_a_negative_slope_turns_the_greys_round():
    content = bytearray(saved(volume().max() - volume()))
    content[112:116] = np.float32(-1).tobytes()  # scl_slope
    assert (grey(bytes(content), 2)[4:8, 4:8] > 240).all()
    assert grey(bytes(content), 2)[0, 0] == 0


def test_pixels_that_are_not_square_are_stretched():
    assert grey(saved(volume(), np.diag([2.0, 1.0, 3.0, 1.0])), 2).shape == (24, 40)


def test_a_slice_without_a_head_is_said_to_be_one():
    levels = volume()
    levels[..., 0] = 0
    assert refusal(saved(levels)) == NO_HEAD


@pytest.mark.parametrize(
    ("name", "slices", "axis"), [("anatomical.nii", 25, "LAS"), ("reoriented_anat_moved.nii", 22, "RAS")]
)
def test_nibabels_own_volumes(name, slices, axis):
    content = (DATA / name).read_bytes()
    assert "".join(nibabel.aff2axcodes(nibabel.load(DATA / name).affine)) == axis
    assert slices_in(DATA / name) == slices
    assert grey(content, slices // 2).max() > 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ((DATA / "functional.nii").read_bytes(), "20 volumes"),
        ((DATA / "example4d.nii.gz").read_bytes(), "2 volumes"),
        ((DATA / "example_nifti2.nii.gz").read_bytes(), "2 volumes"),
        (saved(volume())[:-100], "truncated"),
        (gzip.compress(saved(volume()))[:-40], "truncated"),
        (saved(np.zeros((4, 4, 1200), np.int16)), "limit of an edge is 1,000"),
        (saved(volume() * 1j), "complex"),
        (saved(np.full((8, 8, 8), np.nan, np.float32)), "no finite voxel"),
        (png(), "not a NIfTI"),
    ],
    ids=["functional", "4d", "nifti2", "cut", "cut-packed", "long", "complex", "nan", "png"],
)
def test_what_is_no_head_is_refused_with_a_reason(content, words):
    assert words in refusal(content)


def test_a_small_file_does_not_unfold_into_a_large_one():
    header = nibabel.Nifti1Header()
    header.set_data_shape((1000, 1000, 1000))
    header.set_data_dtype(np.int16)
    header["magic"], header["vox_offset"] = b"n+1", 352
    bomb = gzip.compress(header.binaryblock + bytes(64 * 2**20))
    assert len(bomb) < 100_000
    assert is_nifti(bomb)
    assert "too large" in refusal(bomb)


@pytest.mark.parametrize("place", range(0, 348, 3))
def test_a_damaged_header_never_ends_in_another_error(place):
    content = bytearray(saved(volume()))
    content[place : place + 3] = b"\xff\x80\x7f"
    with contextlib.suppress(UnreadableImage):
        read_volume(bytes(content)).read(0)
