"""What a hospital answers, from numbers to numbers."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from clients import handlers
from clients.prepared import resampling_of
from common.config.strategies import StrategyPlan
from common.data.prepare import prepare
from common.errors import InputError, Interrupted
from common.metrics.confusion import figures
from common.metrics.evaluation import EvaluateResult
from common.model.registry import initial_weights
from common.model.state import arrays_from_state, model_from_arrays
from common.protocol.progress_channel import ProgressChannel
from common.training.preprocess import normalise, to_batch
from tests.support.sites import PLAN, evaluate_at, sites_of, train_at

ARRAYS = arrays_from_state(initial_weights("resnet18", 1))


@pytest.fixture(autouse=True)
def _threads_stay():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def sites(phantoms, tmp_path_factory):
    return sites_of(phantoms, tmp_path_factory.mktemp("cache"))


def test_a_description_is_counts_and_indices(sites):
    said = handlers.describe(sites[1], PLAN)
    assert (said.key, said.name, said.dataset_id) == ("phantom_hyderabad", "Phantom Hyderabad", "phantom-2")
    everything = said.train_idx + said.val_idx + said.test_idx
    assert len(set(everything)) == len(everything) == said.numbers["total_samples"]
    assert max(everything) < said.file_count
    for part in ("train", "val", "test"):
        assert sum(said.split_counts[part].values()) == len(getattr(said, f"{part}_idx"))
    assert said.split_counts["train"]["notumor"] == 0, "this hospital has none"
    assert said.synthetic
    assert handlers.describe(sites[1], PLAN) == said
    assert said.files_sha256 == handlers.files_sha256(sites[1], PLAN)


def test_another_seed_is_another_split_of_the_same_files(sites):
    plain = replace(PLAN, data=replace(PLAN.data, group_split=False))
    one, other = (handlers.describe(sites[0], replace(plain, seed=seed)) for seed in (42, 43))
    assert one.train_idx != other.train_idx
    assert one.files_sha256 == other.files_sha256


def test_too_few_slices_to_train_on_are_refused(phantoms, tmp_path):
    shutil.copytree(phantoms / "dataset-2", tmp_path / "dataset-2")
    images = sorted(path for path in (tmp_path / "dataset-2").rglob("*") if path.suffix in (".png", ".jpg"))
    for path in images[1:]:
        path.unlink()
    thin = replace(sites_of(phantoms, tmp_path / "cache")[1], data_root=tmp_path)
    with pytest.raises(InputError, match=r"DATA020.*Phantom Hyderabad"):
        handlers.describe(thin, PLAN)


def test_training_is_the_same_to_the_bit_and_leaves_what_was_sent(sites):
    before = {name: array.copy() for name, array in ARRAYS.items()}
    (one, result), (again, _) = (train_at(sites[2], PLAN, 1, ARRAYS) for _ in range(2))
    assert result.samples == len(handlers.describe(sites[2], PLAN).train_idx)
    assert result.steps == -(-result.samples // 16)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(one[name], again[name])
        np.testing.assert_array_equal(array, before[name])
        assert (one[name].dtype, one[name].shape) == (array.dtype, array.shape)
    assert one["bn1.num_batches_tracked"] == result.steps
    assert not np.array_equal(one["conv1.weight"], ARRAYS["conv1.weight"])


def test_the_servers_threads_are_used_and_none_leaves_them(sites):
    torch.set_num_threads(1)
    evaluate_at(sites[0], PLAN, "val", 1, ARRAYS, threads=0)
    assert torch.get_num_threads() == 1
    evaluate_at(sites[0], PLAN, "val", 1, ARRAYS, threads=2)
    assert torch.get_num_threads() == 2


def pooled(sites) -> tuple[np.ndarray, np.ndarray, float]:
    """Predict every test slice of every hospital in one plain loop."""
    model = model_from_arrays("resnet18", ARRAYS, torch.device("cpu")).eval()
    true, predicted, loss = [], [], 0.0
    for site in sites:
        own = prepare(site.folder, site.hospital.class_map, PLAN.data, PLAN.seed, site.cache_dir)
        for index in own.split.test:
            with torch.no_grad():
                logits = model(normalise(to_batch(own.library.pixels[index : index + 1])))[0].double()
            label = int(own.scan.labels[index])
            true.append(label)
            predicted.append(int(logits.argmax()))
            loss -= float(logits.log_softmax(0)[label])
    return np.array(true), np.array(predicted), loss


def test_summed_confusion_matrices_equal_the_pooled_predictions(sites):
    results: list[EvaluateResult] = [evaluate_at(site, PLAN, "test", 1, ARRAYS) for site in sites]
    summed = figures(sum((result.confusion for result in results), np.zeros((4, 4), np.int64)))
    true, predicted, loss = pooled(sites)
    assert len(true) == sum(result.samples for result in results) > 10
    assert summed.accuracy == accuracy_score(true, predicted)
    labels = sorted(set(true))
    for value, function in (
        (summed.macro_f1, f1_score),
        (summed.macro_precision, precision_score),
        (summed.macro_recall, recall_score),
    ):
        expected = function(true, predicted, labels=labels, average="macro", zero_division=0.0)
        assert value == pytest.approx(expected)
    assert sum(result.loss_sum for result in results) == pytest.approx(loss, rel=1e-4)


def test_validation_and_test_are_two_splits(sites):
    said = handlers.describe(sites[0], PLAN)
    assert evaluate_at(sites[0], PLAN, "val", 1, ARRAYS).samples == len(said.val_idx)
    assert evaluate_at(sites[0], PLAN, "test", 1, ARRAYS).samples == len(said.test_idx)
    with pytest.raises(KeyError):
        evaluate_at(sites[0], PLAN, "train", 1, ARRAYS)


def test_a_stop_ends_training_at_the_next_batch(sites, tmp_path):
    channel = ProgressChannel(tmp_path)
    channel.stop()
    with pytest.raises(Interrupted):
        train_at(replace(sites[0], channel=channel), PLAN, 1, ARRAYS)


def test_a_pull_towards_the_global_model_travels_with_the_plan(sites):
    """FedProx without its term is FedAvg to the bit; with it the hospital goes less far."""

    def trained(mu: float):
        plan = replace(PLAN, strategy=StrategyPlan(proximal_mu=mu))
        return train_at(sites[0], plan, 1, ARRAYS)[0]

    plain, pulled = train_at(sites[0], PLAN, 1, ARRAYS)[0], trained(1000.0)
    assert all(np.array_equal(array, plain[name]) for name, array in trained(0.0).items())
    weight = "layer1.0.conv1.weight"
    assert np.linalg.norm(pulled[weight] - ARRAYS[weight]) < 0.9 * np.linalg.norm(plain[weight] - ARRAYS[weight])


def test_a_test_draws_groups_and_validation_does_not(sites):
    said = prepare(sites[0].folder, sites[0].hospital.class_map, PLAN.data, PLAN.seed, sites[0].cache_dir)
    first, again = (evaluate_at(sites[0], PLAN, "test", 1, ARRAYS) for _ in range(2))
    np.testing.assert_array_equal(first.replicates, again.replicates)
    assert first.groups == len(np.unique(said.groups.group[said.split.test])) < first.samples
    assert evaluate_at(sites[0], PLAN, "val", 1, ARRAYS).replicates.shape == (0, 4, 4)


def test_who_knows_the_seed_and_not_the_slices_does_not_know_the_draws(sites):
    """The server knows the run's seed, the hospital and its indices; one other picture is another stream."""
    own = prepare(sites[0].folder, sites[0].hospital.class_map, PLAN.data, PLAN.seed, sites[0].cache_dir)
    thumbs = np.array(own.library.thumbs)
    before = resampling_of(sites[0], PLAN, own, own.split.test)
    thumbs[own.split.test[0], 0, 0] ^= 1
    changed = replace(own, evidence=replace(own.evidence, library=replace(own.library, thumbs=thumbs)))
    assert resampling_of(sites[0], PLAN, changed, own.split.test).seed != before.seed
    assert resampling_of(sites[0], PLAN, own, own.split.test).seed == before.seed


def test_the_temperature_is_the_servers_and_moves_only_the_calibrated_confidence(sites):
    plain, hot = (evaluate_at(sites[0], PLAN, "test", 1, ARRAYS, temperature=t) for t in (1.0, 4.0))
    assert plain.calibrated_bins == plain.bins == hot.bins
    assert sum(b.confidence_sum for b in hot.calibrated_bins) < sum(b.confidence_sum for b in hot.bins)
    assert hot.nll[-1] == pytest.approx(plain.nll[-1])
    for impossible in (0.0, -1.0, float("nan"), 5.0):
        with pytest.raises(InputError, match="PLAN003"):
            evaluate_at(sites[0], PLAN, "test", 1, ARRAYS, temperature=impossible)
