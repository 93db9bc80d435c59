"""The weights of ``init=synthetic``: made once, kept, the same again, and never half there."""

from dataclasses import replace

import numpy as np
import pytest

from common.model.registry import initial_weights
from common.pretraining.recipe import Recipe, digest_of
from common.pretraining.weights import pretrained

TINY = Recipe(images=32, views=64, batch_size=16, threads=1)


class Steps(list):
    def __call__(self, what, done, total):
        self.append((what, done, total))


def made(folder, seed=7, recipe=TINY, size=32, on_step=None):
    return pretrained("resnet18", size, seed, folder, Steps() if on_step is None else on_step, recipe)


def test_the_same_recipe_makes_the_same_bytes_anywhere(tmp_path):
    one, other = made(tmp_path / "a"), made(tmp_path / "b")
    assert one.recipe == other.recipe
    assert {name: array.tobytes() for name, array in one.arrays.items()} == {
        name: array.tobytes() for name, array in other.arrays.items()
    }


def test_the_backbone_is_pre_trained_and_the_last_layer_is_that_of_the_runs_seed(tmp_path):
    one, seed = made(tmp_path), initial_weights("resnet18", 7)
    assert list(one.arrays) == list(seed)
    assert np.array_equal(one.arrays["fc.weight"], seed["fc.weight"].numpy())
    assert not np.array_equal(one.arrays["layer4.1.conv2.weight"], seed["layer4.1.conv2.weight"].numpy())
    assert one.images == 32


def test_a_second_run_takes_what_is_kept_and_does_no_work_whatever_its_seed(tmp_path):
    one, steps = made(tmp_path), Steps()
    again = made(tmp_path, seed=8, on_step=steps)
    assert not steps
    assert np.array_equal(one.arrays["conv1.weight"], again.arrays["conv1.weight"])
    assert not np.array_equal(one.arrays["fc.weight"], again.arrays["fc.weight"])


def test_another_recipe_is_another_set_of_weights():
    digests = {
        digest_of(TINY, "resnet18", 32),
        digest_of(replace(TINY, views=65), "resnet18", 32),
        digest_of(replace(TINY, threads=2), "resnet18", 32),
        digest_of(TINY, "resnet18_gn", 32),
        digest_of(TINY, "resnet18", 48),
    }
    assert len(digests) == 5
    assert digest_of(TINY, "resnet18", 224) == digest_of(TINY, "resnet18", 64), "larger slices share the weights"


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_weights_that_were_damaged_are_made_anew(tmp_path, damage):
    whole = made(tmp_path)
    (kept,) = tmp_path.glob("pretrained-*.npz")
    kept.write_bytes(kept.read_bytes()[:-200] if damage is None else damage)
    steps = Steps()
    again = made(tmp_path, on_step=steps)
    assert steps
    assert np.array_equal(again.arrays["conv1.weight"], whole.arrays["conv1.weight"])
    after = Steps()
    made(tmp_path, on_step=after)
    assert not after


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    def stopped(what, done, total):
        if done and what.startswith("pre-training"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, on_step=stopped)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


def test_where_nothing_can_be_kept_they_are_made_each_time(tmp_path):
    (tmp_path / "file").write_text("no folder")
    steps = Steps()
    assert made(tmp_path / "file", on_step=steps).images == 32
    assert steps
