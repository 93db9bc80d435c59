"""Folds of a real folder, and how much slices that look like those trained on flatter a model."""

from pathlib import Path

import numpy as np
import pytest

from common.config.settings import DataPlan
from common.data.likeness import nearest_likeness
from common.data.prepare import PreparedHospital, prepare
from common.data.split import Split
from common.data.thumbs import correlate_all
from common.phantoms.hospitals import HOSPITALS, PlannedSlice, draw_slice

FOLDS = 5
PATIENTS, PLACES = 60, 5


@pytest.fixture(scope="module")
def nothing_to_learn(tmp_path_factory) -> Path:
    """Heads without a tumour, five slices each; a coin says under which of two labels a patient stands."""
    root = tmp_path_factory.mktemp("patients")
    coins = np.random.default_rng(3).permutation(PATIENTS) % 2
    for patient, coin in enumerate(coins.tolist()):
        label = ("glioma", "meningioma")[coin]
        (root / label).mkdir(exist_ok=True)
        for place in range(PLACES):
            path = f"{label}/{PLACES * patient + place:04d}.png"
            planned = PlannedSlice(path, "notumor", patient, place, PLACES)
            draw_slice(HOSPITALS[0], planned, 48, seed=1).save(root / path)
    return root


def prepared(root: Path, **data) -> PreparedHospital:
    return prepare(root, {}, DataPlan(image_size=32, **data), 42, root.parent / "cache")


def all_folds(root: Path, **data) -> list[PreparedHospital]:
    return [prepared(root, folds=FOLDS, fold=fold, **data) for fold in range(1, FOLDS + 1)]


def right_answers(hospital: PreparedHospital) -> float:
    """Return how often the most similar training slice has a test slice's label: a model that remembers, no more."""
    split: Split = hospital.split
    thumbs, labels = np.asarray(hospital.library.thumbs), hospital.scan.labels
    nearest = split.train[correlate_all(thumbs[split.test], thumbs[split.train]).argmax(axis=1)]
    return float((labels[nearest] == labels[split.test]).mean())


def test_slices_like_those_trained_on_flatter_a_model_that_learnt_nothing(nothing_to_learn):
    plain = all_folds(nothing_to_learn, group_split=False)
    folded = all_folds(nothing_to_learn)
    assert np.mean([right_answers(each) for each in plain]) > 0.9
    assert np.mean([right_answers(each) for each in folded]) < 0.65
    likeness = [
        np.median([nearest_likeness(each.library.thumbs, each.split.test, each.split.train).mean() for each in kind])
        for kind in (plain, folded)
    ]
    assert likeness[0] > likeness[1] + 0.02


def test_over_all_folds_every_slice_of_a_folder_is_tested_once_and_no_group_is_cut(nothing_to_learn):
    folded = all_folds(nothing_to_learn)
    assert sorted(np.concatenate([each.split.test for each in folded]).tolist()) == list(range(PATIENTS * PLACES))
    for each in folded:
        assert each.groups_across_splits == 0
        assert sum(map(len, each.split.parts().values())) + len(each.split.gap) == PATIENTS * PLACES
        assert sum(each.patient_counts.values()) <= each.patients.count(np.arange(PATIENTS * PLACES))


def test_look_alikes_are_searched_for_once(nothing_to_learn):
    prepared(nothing_to_learn, folds=FOLDS)
    kept = sorted((nothing_to_learn.parent / "cache").glob("near93-*.npz"))
    times = [path.stat().st_mtime_ns for path in kept]
    assert len(kept) == 1
    prepared(nothing_to_learn, folds=FOLDS, fold=2)
    assert [path.stat().st_mtime_ns for path in kept] == times
