"""BatchNorm's statistics estimated anew are those of all hospitals' slices together, and leave the model alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from common.model.registry import build_model
from common.model.state import arrays_from_model, model_from_arrays
from common.model.statistics import Moments, normalisations, with_statistics
from common.training.batches import Slices
from common.training.preprocess import normalise, to_batch
from common.training.statistics import moments_of

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def arrays():
    torch.manual_seed(3)
    return arrays_from_model(build_model("resnet18"))


def slices(count: int, level: int) -> Slices:
    pixels = np.random.default_rng(level).integers(0, level, (count, 32, 32, 3), dtype=np.uint8)
    return Slices(pixels, np.zeros(count, np.int64))


def moments(arrays, of: Slices) -> Moments:
    return moments_of(model_from_arrays("resnet18", arrays, CPU), of, np.arange(len(of.labels)))


def test_the_first_layer_has_the_mean_and_variance_of_all_slices_whatever_hospital_they_lie_at(arrays):
    dark, light = slices(24, 60), slices(40, 250)
    found = with_statistics(arrays, [moments(arrays, dark), moments(arrays, light)])
    network = model_from_arrays("resnet18", arrays, CPU)
    with torch.no_grad():
        seen = network.conv1(normalise(to_batch(np.concatenate([dark.pixels, light.pixels]))))
    spread, mean = torch.var_mean(seen.double(), dim=(0, 2, 3), correction=0)
    np.testing.assert_allclose(found["bn1.running_mean"], mean, atol=1e-4)
    np.testing.assert_allclose(found["bn1.running_var"], spread, rtol=1e-4)


def test_variances_hold_what_lies_between_hospitals(arrays):
    dark, light = (moments(arrays, slices(24, level)) for level in (60, 250))
    both = with_statistics(arrays, [dark, light])["bn1.running_var"]
    alone = [with_statistics(arrays, [each])["bn1.running_var"] for each in (dark, light)]
    assert (both > (alone[0] + alone[1]) / 2 + 1e-6).all()


def test_only_the_statistics_change_and_all_of_them(arrays):
    found = with_statistics(arrays, [moments(arrays, slices(16, 200))])
    changed = {name for name in arrays if not np.array_equal(arrays[name], found[name])}
    assert changed == {f"{name}.running_{of}" for name in normalisations(arrays) for of in ("mean", "var")}
    assert all(found[name].dtype == arrays[name].dtype for name in arrays)


def test_the_models_own_statistics_stay_while_it_is_measured(arrays):
    model = model_from_arrays("resnet18", arrays, CPU)
    moments_of(model, slices(16, 200), np.arange(16))
    after = arrays_from_model(model)
    assert all(np.array_equal(arrays[name], after[name]) for name in arrays)
    assert all(part.track_running_stats for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d))
