"""How sure a figure is when slices come in groups and seeds test them again; compared with a simulation."""

from dataclasses import replace

import numpy as np
import pytest

from common.metrics.clusters import wilson_share
from common.metrics.intervals import wilson
from common.study.groups import over_groups
from common.study.statistics import ACCURACY, MACRO_F1, MEASURES
from tests.support.studies import A, B, done, matrix

RECALL = next(each for each in MEASURES if each.key == "recall_glioma")


def seeds(*results):
    return {each.cell.seed: each for each in results}


def test_one_seed_of_independent_slices_has_wilsons_interval():
    found = over_groups(seeds(done("fedavg", 42, [90, 80], hospitals=(A, B))), ACCURACY, (A, B))
    assert found.interval == pytest.approx(wilson(170, 200))
    assert (found.mean, found.spread, found.n) == (pytest.approx(0.85), None, 1)


def test_related_slices_count_for_fewer():
    cell = replace(done("fedavg", 42, [90, 80], hospitals=(A, B)), effects={A: 3.0, B: 5.0})
    assert over_groups(seeds(cell), ACCURACY, (A, B)).interval == pytest.approx(wilson_share(0.85, 50))
    assert over_groups(seeds(cell), RECALL, (A,)).interval == pytest.approx(wilson_share(0.9, 100 / 3))


def test_another_seed_on_the_same_slices_is_no_new_case():
    one = over_groups(seeds(done("fedavg", 42, 80)), ACCURACY, (A,))
    alike = over_groups(seeds(*(done("fedavg", seed, 80) for seed in (42, 43, 44))), ACCURACY, (A,))
    assert alike.interval == pytest.approx(one.interval)
    apart = over_groups(seeds(*(done("fedavg", seed, n) for seed, n in ((42, 70), (43, 80), (44, 90)))), ACCURACY, (A,))
    assert apart.interval[0] < one.interval[0] < one.interval[1] < apart.interval[1]


def test_a_figure_that_is_no_share_has_no_interval_and_nothing_tested_none_at_all():
    cell = seeds(done("fedavg", 42, 80))
    assert over_groups(cell, MACRO_F1, (A,)).interval is None
    assert over_groups(cell, ACCURACY, ("nowhere",)) is None
    none = seeds(replace(done("fedavg", 42, 80), tests={A: matrix(0, 0)}))
    assert over_groups(none, ACCURACY, (A,)) is None


def test_the_interval_holds_the_truth_where_slices_of_a_patient_go_together():
    draws, held, held_as_independent = np.random.default_rng(1), 0, 0
    patients, slices, truth = 60, 5, 0.8
    for _ in range(400):
        right = (draws.random(patients) < truth).astype(int) * slices  # all slices of a patient, or none
        cell = replace(done("fedavg", 42, 0), tests={A: matrix(int(right.sum()), patients * slices)}, effects={A: 5.0})
        low, high = over_groups(seeds(cell), ACCURACY, (A,)).interval
        held += low <= truth <= high
        low, high = wilson(int(right.sum()), patients * slices)
        held_as_independent += low <= truth <= high
    assert held / 400 > 0.92
    assert held_as_independent / 400 < 0.75
