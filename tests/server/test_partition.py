"""Simulated hospitals through everything that a run goes through: one phantom hospital cut into several."""

import json

import pytest

from common.artifacts.load import load_run
from common.config.hydra import compose_config, compose_settings
from common.errors import Interrupted
from common.files import sha256_of
from common.phantoms.folders import make_phantoms
from server.evaluate import main as evaluate_main
from server.recording.recorder import Recorder
from server.study.arguments import run_arguments
from server.study.grid import plan_cells
from server.study.grid_settings import study_grid
from tests.conftest import base_overrides

CUT = ("hospitals=[phantom_jaipur]", "partition.hospitals=3")
SAID = "Simulated hospitals: one data set cut into 3, by patients."
NAMES = [f"Phantom Jaipur, part {number} of 3" for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Phantoms with enough groups of slices for several parts."""
    root = tmp_path_factory.mktemp("phantoms")
    make_phantoms(root, image_size=48, slices_per_class=40, seed=0)
    return root


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def trained(simulate, output, drawn):
    done = simulate(f"output_dir={output}", *CUT, f"data.root={drawn}", "rounds=1")
    assert done.code == 0, done.err
    assert SAID in done.out
    return output / "artifacts" / "run-001"


def test_a_run_at_simulated_hospitals_says_what_they_are(trained):
    run = load_run(trained)
    assert run.notice == SAID
    assert SAID in (trained / "model_card.md").read_text()
    assert list(run.hospitals) == NAMES
    splits = json.loads((trained / "dataset_splits.json").read_text())["hospitals"]
    assert [splits[name]["file_count"] for name in NAMES] == [
        sum(len(splits[name][f"{part}_idx"]) for part in ("train", "val", "test")) for name in NAMES
    ]
    assert len({splits[name]["files_sha256"] for name in NAMES}) == 3
    assert run.metrics["per_hospital"].keys() == set(NAMES)


def test_another_seed_of_the_cut_deals_other_slices(simulate, output, drawn, trained):
    done = simulate(f"output_dir={output}", *CUT, f"data.root={drawn}", "rounds=1", "partition.seed=7")
    assert done.code == 0, done.err
    runs = [output / "artifacts" / run for run in ("run-001", "run-002")]
    splits = [json.loads((run / "dataset_splits.json").read_text())["hospitals"] for run in runs]
    assert splits[0][NAMES[0]]["files_sha256"] != splits[1][NAMES[0]]["files_sha256"]


def test_a_stopped_run_goes_on_with_the_same_hospitals(simulate, output, drawn, monkeypatch):
    save = Recorder.save_round

    def save_and_stop(recorder, progress):
        save(recorder, progress)
        raise Interrupted("RUN130", "The run was stopped.")

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "save_round", save_and_stop)
        assert simulate(f"output_dir={output}", *CUT, f"data.root={drawn}").code == 130
    done = simulate("resume=run-001", f"output_dir={output}", base=False)
    assert done.code == 0, done.err
    assert simulate(f"output_dir={output}", *CUT, f"data.root={drawn}").code == 0
    first, second = (output / "artifacts" / f"run-00{number}" / "global_model.pth" for number in (1, 2))
    assert sha256_of(first) == sha256_of(second)


def test_a_folder_with_too_few_groups_for_so_many_is_one_sentence(simulate, output, drawn):
    done = simulate(f"output_dir={output}", *CUT, f"data.root={drawn}", "partition.hospitals=60")
    assert done.code == 2
    assert "PART002" in done.err
    assert done.err.count("\n") == 1
    assert not list(output.glob("artifacts/*")), "nothing was computed, so nothing may stay"


def test_pooled_slices_are_those_of_all_parts(simulate, output, drawn):
    done = simulate(f"output_dir={output}", *CUT, f"data.root={drawn}", "rounds=1", "strategy=pooled")
    assert done.code == 0, done.err
    notice = load_run(output / "artifacts" / "run-001").notice
    assert notice is not None
    assert notice.startswith("POOLED")
    assert notice.endswith(SAID)


def test_a_study_leaves_each_part_out_in_turn(drawn, tmp_path):
    wanted = [*base_overrides(drawn, tmp_path / "cache"), *CUT, "study.strategies=[local,fedavg]", "study.seeds=[1,2]"]
    wanted += ["study.leave_one_out=true", f"output_dir={tmp_path}"]
    cells = plan_cells(study_grid(compose_config("study", wanted)), wanted)
    left = [each for each in cells if each.cell.without]
    assert [each.cell.without for each in left] == NAMES * 2
    assert {len(each.settings.hospitals) for each in left} == {2}
    assert compose_settings(run_arguments(left[0].settings)) == left[0].settings, "its run has the same two"


def test_a_part_is_evaluated_by_its_name_and_its_folder_cut_otherwise_is_not(trained, output, drawn, tmp_path, capsys):
    places = [f"output_dir={output}", *base_overrides(drawn, tmp_path / "cache")[1:3]]
    quick = ["compute.engine=inprocess", "compute.threads=1"]
    capsys.readouterr()
    assert evaluate_main(["run-001", *places, *quick, "hospitals=[phantom_jaipur_part_2_of_3]"]) == 0
    meta = json.loads((output / "artifacts" / "evaluation-001" / "evaluation_meta.json").read_text())
    own = json.loads((trained / "model_meta.json").read_text())["metrics"]["per_hospital"][NAMES[1]]
    assert meta["metrics"]["per_hospital"][NAMES[1]]["confusion_matrix"] == own["confusion_matrix"]
    for other in ("phantom_jaipur", "phantom_jaipur_part_1_of_4"):
        assert evaluate_main(["run-001", *places, *quick, f"hospitals=[{other}]"]) == 2
        assert "MODEL010" in capsys.readouterr().err
