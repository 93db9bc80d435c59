from __future__ import annotations

import numpy as np
from PIL import Image

from dashboard.model import head
from tests.support.uploads import slice_levels


def test_the_head_is_one_piece_without_holes_and_without_what_is_written_beside_it() -> None:
    levels = slice_levels(256)
    levels[100:140, 90:130] = 0  # a ventricle
    levels[245:252, 20:120] = 255  # words below
    found = head.head_mask(Image.fromarray(levels))
    assert found is not None
    disc = slice_levels(256) > 0
    assert (found & disc).sum() / (found | disc).sum() > 0.95
    assert found[120, 110]
    assert not found[245:252].any()


def test_noise_in_the_background_is_no_head() -> None:
    noisy = np.clip(slice_levels(256) + np.random.default_rng(1).normal(0, 3, (256, 256)), 0, 255).astype(np.uint8)
    found = head.head_mask(Image.fromarray(noisy))
    assert found is not None
    assert not found[:20].any()
    assert not found[-20:].any()


def test_where_no_head_can_be_told_there_is_no_mask() -> None:
    assert head.head_mask(Image.new("RGB", (200, 200))) is None
    assert head.head_mask(Image.new("L", (200, 200), 90)) is None
    speck = np.zeros((200, 200), np.uint8)
    speck[90:110, 90:110] = 200
    assert head.head_mask(Image.fromarray(speck)) is None


def test_the_share_of_heat_outside() -> None:
    mask = np.zeros((80, 80), bool)
    mask[:, 40:] = True
    heat = np.zeros((8, 8), np.float32)
    heat[:, 6] = 1.0
    assert head.share_outside(heat, mask) < 0.05
    assert head.share_outside(heat[:, ::-1].copy(), mask) > 0.95
    assert head.share_outside(np.zeros((8, 8), np.float32), mask) == 0.0


def test_heat_that_is_everywhere_does_not_avoid_a_small_head() -> None:
    mask = np.zeros((80, 80), bool)
    mask[30:50, 30:50] = True
    even, aside = np.ones((8, 8), np.float32), np.zeros((8, 8), np.float32)
    aside[0, 0] = 1.0
    assert head.share_outside(even, mask) > 0.9
    assert not head.avoids_head(even, mask)
    assert head.avoids_head(aside, mask)
