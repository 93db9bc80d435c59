"""Learning from program-made images: it learns, and mirrors what is said together with what is seen."""

from dataclasses import replace

import pytest
import torch

from common.pretraining import train
from common.pretraining.images import make_images
from common.pretraining.recipe import Recipe
from common.pretraining.train import LEARNING, MAKING, pretrain

TINY = Recipe(images=64, views=64 * 24, batch_size=32, threads=1)


def test_the_network_gets_better_at_saying_what_it_sees(monkeypatch):
    losses = []

    def watched(said, made, true=train.loss_of):
        losses.append((loss := true(said, made)).item())
        return loss

    monkeypatch.setattr(train, "loss_of", watched)
    told = []
    pretrain(TINY, "resnet18", 32, lambda *step: told.append(step))
    assert len(losses) == TINY.steps == 48
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])
    assert told[0] == (MAKING, 0, 64)
    assert told[-1] == (LEARNING, 47, 48)


def test_the_process_is_left_as_it_was_even_when_it_is_stopped():
    state, threads, within = torch.get_rng_state(), torch.get_num_threads(), []

    def stopped(what, done, total):
        within.append((what, torch.get_num_threads()))
        if what == LEARNING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(replace(TINY, images=16, threads=2), "resnet18", 32, stopped)
    assert within == [(MAKING, 1), (LEARNING, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_a_mirrored_batch_is_said_to_be_mirrored():
    made = make_images(4, 32, seed=3)
    seen = {bool(torch.equal(each.pixels, made.pixels)): each for each in _mirrored(made)}
    plain, mirror = seen[True], seen[False]
    assert torch.equal(plain.geometry, made.geometry)
    assert torch.equal(mirror.pixels, made.pixels.flip(2))
    assert torch.equal(mirror.where, made.where.flip(2))
    assert torch.equal(mirror.geometry[:, [0, 2]], -made.geometry[:, [0, 2]])  # turn, and shift to the side
    assert torch.equal(mirror.geometry[:, [1, 3, 4, 5]], made.geometry[:, [1, 3, 4, 5]])


def _mirrored(made):
    generator = torch.Generator().manual_seed(0)
    return [train._maybe_mirrored(made, generator) for _ in range(12)]
