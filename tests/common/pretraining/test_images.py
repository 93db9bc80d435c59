"""Images that the program makes: the same for the same seed, unlike each other, and what is said of them is so."""

import torch

from common.pretraining.images import CELLS, Made, make_images
from common.pretraining.lesions import KINDS, NONE

MANY = make_images(160, 32, seed=1)


def test_the_same_seed_makes_the_same_pixels_and_another_one_others():
    again, other = make_images(160, 32, seed=1), make_images(160, 32, seed=2)
    assert torch.equal(again.pixels, MANY.pixels)
    assert torch.equal(again.geometry, MANY.geometry)
    assert not torch.equal(other.pixels, MANY.pixels)


def test_there_are_as_many_as_asked_for_whatever_the_batches():
    few = make_images(19, 32, seed=1)
    assert (len(few), few.pixels.shape, few.where.shape) == (19, (19, 32, 32), (19, CELLS, CELLS))
    assert torch.equal(few.pixels[:16], MANY.pixels[:16])


def test_every_kind_and_plane_is_there_and_no_two_images_are_alike():
    assert MANY.kind.unique().tolist() == list(range(KINDS))
    assert MANY.plane.unique().tolist() == [0, 1, 2]
    flat = MANY.pixels.flatten(1).float()
    between = torch.cdist(flat, flat) / 32  # root mean square of the difference, in grey levels
    between.fill_diagonal_(1e9)
    assert between.min() > 3.0


def test_they_use_the_whole_range_and_are_neither_black_nor_white():
    assert MANY.pixels.dtype == torch.uint8
    means, deviations = MANY.pixels.float().mean((1, 2)), MANY.pixels.float().std((1, 2))
    assert (means > 8).all()
    assert (means < 200).all()
    assert (deviations > 5).all()
    assert MANY.pixels.max() == 255
    assert MANY.pixels.min() == 0


def test_a_lesion_is_where_it_is_said_to_be_and_there_is_none_where_none_is_said():
    without = MANY.at(MANY.kind == NONE)
    assert without.where.sum() == 0
    assert (without.geometry[:, -1] == 0).all()
    covered = MANY.at(MANY.kind != NONE).where.sum((1, 2))
    assert (covered > 0).all()
    assert len(without) + len(covered) == len(MANY)


def test_the_brightest_kinds_stand_out_in_the_cells_that_they_cover():
    """The bead and the one on the skull are bright: their cells are brighter than the image's mean, nearly always."""
    bright = MANY.at((MANY.kind == 2) | (MANY.kind == 3))
    cells = torch.nn.functional.adaptive_avg_pool2d(bright.pixels.float(), CELLS)
    inside = (cells * bright.where).sum((1, 2)) / bright.where.sum((1, 2))
    assert (inside > cells.mean((1, 2))).float().mean() > 0.9


def test_progress_is_told_and_what_it_raises_ends_the_work():
    told = []
    make_images(40, 32, seed=1, on_image=told.append)
    assert told == [0, 16, 32]
    assert isinstance(MANY.at(torch.tensor([3])), Made)
