"""A real hospital's test: what it counts of cases is what its own files say."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from clients import handlers
from clients.prepared import prepared_hospital
from common.labels import CLASSES
from common.metrics.case_figures import case_figures
from common.metrics.score_bins import EDGES, log_odds
from common.model.registry import initial_weights
from common.model.state import arrays_from_state, model_from_arrays
from common.protocol.cases import cases_record
from common.training.preprocess import normalise, to_batch
from tests.support.sites import PLAN, evaluate_at, sites_of

ARRAYS = arrays_from_state(initial_weights("resnet18", 1))
ARRAYS["fc.weight"] = 20 * ARRAYS["fc.weight"]  # a network that tells slices apart


@pytest.fixture(scope="module")
def site(phantoms, tmp_path_factory):
    """One hospital with a manifest: patients of two slices, women and men, and two sequences."""
    folder = tmp_path_factory.mktemp("hospitals")
    shutil.copytree(phantoms, folder / "all")
    found = sites_of(folder / "all", tmp_path_factory.mktemp("cache"))[0]
    labels = {folder.casefold(): label for folder, label in found.hospital.class_map.items()}
    files = [path for path in sorted(found.folder.rglob("*.*")) if path.parent.name.casefold() in labels]
    with (found.folder / "manifest.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "label", "patient", "sex", "age", "sequence"])
        for number, path in enumerate(files):
            label = labels[path.parent.name.casefold()]
            sex, sequence = "FM"[number // 2 % 2], ("T1", "T2")[number % 2]
            patient = f"{path.parent.name}-{number // 2}"
            table.writerow([path.relative_to(found.folder).as_posix(), label, patient, sex, 50, sequence])
    return found


def test_figures_are_those_of_a_plain_loop_over_the_test_slices(site):
    result = evaluate_at(site, PLAN, "test", 1, ARRAYS)
    own = prepared_hospital(site, PLAN)
    model = model_from_arrays("resnet18", ARRAYS, torch.device("cpu")).eval()
    with torch.no_grad():
        pixels = own.library.pixels[own.split.test]
        scores = model(normalise(to_batch(pixels))).double().softmax(1).numpy()
    labels, patients = own.scan.labels[own.split.test], own.patients.number[own.split.test]
    assert result.cases
    assert result.cases.patients == len(np.unique(patients)) == own.patient_counts["test"]
    assert result.cases.patient_source == "manifest"
    figures = case_figures([result.cases])
    assert figures["brier"] == pytest.approx(((scores - np.eye(4)[labels]) ** 2).sum() / len(labels), rel=1e-4)
    for i, name in enumerate(CLASSES):
        if 0 < (labels == i).sum() < len(labels):
            expected = roc_auc_score(labels == i, np.digitize(log_odds(scores)[:, i], EDGES))
            assert figures["per_class"][name]["auroc"] == pytest.approx(expected, abs=1e-9)
    for cell in figures["subgroups"]:
        assert cell["slices"] >= 10
        assert cell["patients"] >= 3


def test_validation_counts_no_cases(site):
    assert evaluate_at(site, PLAN, "val", 1, ARRAYS).cases is None


def test_nothing_that_names_a_patient_or_a_file_leaves(site):
    record = cases_record(evaluate_at(site, PLAN, "test", 1, ARRAYS).cases)
    texts = [record["patient-source"], record["subgroups"]]
    said = handlers.describe(site, PLAN)
    assert said.patient_counts["test"] > 0
    for path in site.folder.rglob("*.*"):
        assert path.name == "manifest.csv" or not any(path.stem in text for text in texts)
