from dataclasses import replace
from pathlib import Path

import pytest

from common.config.hydra import compose_settings
from common.config.overrides import flat
from common.config.settings import WirePlan
from common.errors import InputError
from common.study.records import Cell
from server.study.arguments import evaluation_arguments, resume_arguments, run_arguments
from server.study.grid import (
    fingerprint,
    plan_cells,
    plan_sha256,
    shared_settings,
    unlike,
    what_counts,
)
from server.study.grid_settings import StudyGrid

GRID = StudyGrid("n", ["local", "fedavg", "fedprox"], [1, 2], True)
FINAL = ("train.on=all", "figures_of=run-001")
PHANTOMS = ["hospitals=[phantom_jaipur,phantom_hyderabad,phantom_kolkata]", "data.root=ph"]


@pytest.fixture(scope="module")
def cells():
    return plan_cells(GRID, [*PHANTOMS, "strategy.proximal_mu=0.3", "rounds=2", "train.lr=1e-3"])


def test_the_grid_goes_seed_by_seed_and_the_federations_without_one_are_last(cells):
    assert [each.cell for each in cells[:4]] == [
        Cell("local", 1),
        Cell("fedavg", 1),
        Cell("fedprox", 1),
        Cell("local", 2),
    ]
    assert [each.cell.without for each in cells[6:9]] == ["Phantom Jaipur", "Phantom Hyderabad", "Phantom Kolkata"]
    assert {each.cell.strategy for each in cells[6:]} == {"fedavg"}
    assert len(cells) == 12


def test_each_cell_has_its_own_settings(cells):
    for each in cells:
        assert (each.settings.seed, each.settings.strategy.name) == (each.cell.seed, each.cell.strategy)
        assert each.settings.in_service is False, "a study measures, it changes nothing in service"
        assert Path(each.settings.data.root).is_absolute()
    assert cells[7].settings.hospitals == ["phantom_jaipur", "phantom_kolkata"]
    assert cells[0].settings.hospitals == ["phantom_jaipur", "phantom_hyderabad", "phantom_kolkata"]


def test_a_number_of_one_strategy_goes_to_that_one_alone(cells):
    assert [each.settings.strategy.proximal_mu for each in cells[:3]] == [None, None, 0.3]


def test_what_the_runs_are_told_composes_to_the_same_settings(cells):
    for each in cells[:3]:
        arguments = run_arguments(each.settings)
        assert compose_settings(arguments) == each.settings
        assert len(arguments) < 12, "only what differs from the defaults"
    awkward = replace(cells[0].settings, output_dir="/tmp/it's a (place), with = and {signs}")
    assert compose_settings(run_arguments(awkward)).output_dir == awkward.output_dir


@pytest.mark.parametrize("folder", ["/tmp/${rounds}", "/tmp/a b", "/tmp/{a: 'b'}, [c]", "C:\\runs\\"])
def test_a_folder_with_hydras_own_signs_is_handed_on(cells, folder):
    settings = replace(cells[0].settings, output_dir=folder)
    assert compose_settings(run_arguments(settings)) == settings


def test_what_cannot_be_handed_on_is_refused(cells):
    with pytest.raises(InputError, match="STUDY004") as caught:
        run_arguments(replace(cells[0].settings, output_dir=1))
    assert caught.value.exit_code == 2


def test_a_resumed_run_is_told_where_things_are_alone(cells):
    names = [item.partition("=")[0] for item in resume_arguments(cells[0].settings, "run-007")]
    assert names == ["resume", "output_dir", "data.root", "data.cache_dir", "compute.engine", "compute.device"]


def test_places_and_cores_do_not_make_another_question(cells, monkeypatch, tmp_path):
    one = cells[0].settings
    assert fingerprint(one) == fingerprint(replace(one, output_dir="elsewhere", resume="run-001", in_service=True))
    assert fingerprint(one) == fingerprint(replace(one, compute=replace(one.compute, engine="ray", cores=9)))
    assert fingerprint(one) != fingerprint(replace(one, compute=replace(one.compute, device="cuda")))
    assert fingerprint(one) != fingerprint(replace(one, seed=2))
    lossless, coarse = WirePlan("lossless"), WirePlan("int8")
    assert fingerprint(one) == fingerprint(replace(one, wire=lossless)), "the weights are the same to the bit"
    assert fingerprint(one) != fingerprint(replace(one, wire=coarse))
    assert fingerprint(one) != fingerprint(replace(one, data=replace(one.data, root="elsewhere")))
    here = replace(one, data=replace(one.data, root=str(tmp_path / "ph")))
    monkeypatch.chdir(tmp_path)
    assert fingerprint(here) == fingerprint(replace(one, data=replace(one.data, root="ph")))


def test_a_study_of_a_version_without_final_models_is_the_same_study(cells):
    assert not {"on", "figures_of"} & {name.rpartition(".")[2] for name in flat(what_counts(cells[0].settings))}


def test_a_plan_is_known_by_its_settings(cells):
    assert plan_sha256(cells) == plan_sha256(list(cells))
    assert plan_sha256(cells) != plan_sha256(cells[:-1])
    assert set(shared_settings(cells[0].settings)) == {"rounds", "data", "model", "train", "compute"}


def test_a_strategy_that_trains_otherwise_is_named(cells):
    assert unlike(cells) == ()
    found = unlike(plan_cells(StudyGrid("n", ["fedavg", "scaffold"], [1], False), [*PHANTOMS, "train.lr=1e-3"]))
    assert len(found) == 1
    assert found[0].startswith("scaffold trains with ")
    assert "train.optimiser=sgd (not adam)" in found[0]


@pytest.mark.parametrize(
    "override",
    ["seed=3", "strategy=fedavg", "resume=run-001", "in_service=true", "data.folds=5", "data.fold=2", *FINAL],
)
def test_what_each_run_has_for_itself_is_refused(override):
    with pytest.raises(InputError) as caught:
        plan_cells(GRID, [*PHANTOMS, override])
    assert caught.value.code == "STUDY003"


def test_every_cell_is_checked_before_one_starts():
    grid = StudyGrid("n", ["fedavg"], [1], True)
    with pytest.raises(InputError, match="min_hospitals"):
        plan_cells(grid, [*PHANTOMS, "strategy.min_hospitals=3"])


def test_external_tests_need_the_runs_that_leave_one_out_needs():
    left_out = StudyGrid("n", ["local", "fedavg"], [1], leave_one_out=True)
    external = StudyGrid("n", ["local", "fedavg"], [1], external=True)
    one, other = plan_cells(left_out, PHANTOMS), plan_cells(external, PHANTOMS)
    assert [fingerprint(each.settings) for each in one] == [fingerprint(each.settings) for each in other]
    assert plan_sha256(one) != plan_sha256(other, external=True), "another study all the same"


def test_each_fold_is_a_run_and_the_own_split_is_only_shown_beside():
    cells = plan_cells(StudyGrid("n", ["fedavg", "pooled"], [1, 2], folds=3), PHANTOMS)
    assert [each.cell for each in cells[:4]] == [
        Cell("fedavg", 1, fold=1),
        Cell("pooled", 1, fold=1),
        Cell("fedavg", 1, fold=2),
        Cell("pooled", 1, fold=2),
    ]
    assert [(each.settings.data.folds, each.settings.data.fold) for each in cells[:3]] == [(3, 1), (3, 1), (3, 2)]
    assert [each.beside for each in cells] == [False] * 12 + [True] * 4
    assert {each.settings.data.folds for each in cells if each.beside} == {0}
    assert unlike([each for each in cells if not each.beside]) == ()
    assert compose_settings(run_arguments(cells[2].settings)) == cells[2].settings
    assert plan_sha256(cells) == plan_sha256(cells[:12])


def test_runs_side_by_side_have_one_thread_and_answer_the_same_question():
    alone, beside = (plan_cells(StudyGrid("n", ["fedavg"], [1], parallel=n), PHANTOMS)[0].settings for n in (1, 2))
    assert (alone.compute.threads, beside.compute.threads) == (None, 1)
    assert fingerprint(alone) == fingerprint(beside)


def test_a_test_elsewhere_is_told_the_run_the_hospital_and_the_places(cells):
    told = evaluation_arguments(cells[0].settings, "run-007", "phantom_kolkata")
    assert told[:2] == ["run-007", "hospitals=[phantom_kolkata]"]
    assert all(item.partition("=")[0] not in ("rounds", "seed", "strategy") for item in told)
