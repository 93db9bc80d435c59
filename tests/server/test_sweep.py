"""``-m``: one run folder each, one after the other in one process, and an exit code that tells."""

import json

import pytest
import yaml


def settings_of(output):
    runs = sorted(output.glob("artifacts/run-*"))
    return [yaml.safe_load((run / "config.yaml").read_text()) for run in runs]


def state_of(run):
    return json.loads((run / "status.json").read_text())["state"]


def test_a_sweep_leaves_one_run_folder_each(simulate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = simulate("-m", "output_dir=here", "rounds=1", "seed=42,43")
    assert done.code == 0, done.err
    assert [s["seed"] for s in settings_of(tmp_path / "here")] == [42, 43]
    assert all(state_of(run) == "completed" for run in (tmp_path / "here" / "artifacts").glob("run-*"))
    assert [path.name for path in tmp_path.glob("here/logs/sweeps/*/*")] == ["multirun.yaml"]
    assert {path.name for path in tmp_path.iterdir()} <= {"here", "cache"}, "nothing else where one stands"


def test_a_sweep_goes_on_after_a_run_that_cannot_be_done(simulate, tmp_path):
    done = simulate("-m", f"output_dir={tmp_path / 'out'}", "rounds=0,1", "seed=42,43")
    assert done.code == 2
    assert done.err.count("error CONF010: rounds=0") == 2
    assert "2 of the sweep's runs could not be done" in done.err
    assert [s["rounds"] for s in settings_of(tmp_path / "out")] == [1, 1]


def test_a_wrong_name_in_a_sweep_ends_it_before_the_first_run(simulate, tmp_path):
    done = simulate("-m", f"output_dir={tmp_path / 'out'}", "strategy=fedavg,fedcash")
    assert (done.code, done.err[:13]) == (2, "error CONF002")
    assert not list(tmp_path.glob("out/artifacts/run-*"))


def test_a_sweep_into_a_place_that_cannot_be_written_says_so(simulate):
    done = simulate("-m", "output_dir=/proc/nowhere", "seed=42,43")
    assert (done.code, done.err[:12]) == (2, "error OUT001")
    assert done.err.count("\n") == 1


def test_a_reader_that_left_is_no_place_that_cannot_be_written(simulate, monkeypatch):
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError("gone")

    monkeypatch.setattr("hydra._internal.hydra.Hydra.run", gone)
    with pytest.raises(BrokenPipeError):
        simulate("seed=1")


def test_ctrl_c_ends_the_whole_sweep(simulate, tmp_path, monkeypatch):
    from common.errors import Interrupted
    from server import simulation as module

    def stopped(*_: object) -> None:
        raise Interrupted("RUN130", "The run was stopped.")

    monkeypatch.setattr(module, "run_job", stopped)  # the signal itself is tried in test_resume
    done = simulate("-m", f"output_dir={tmp_path / 'out'}", "seed=42,43")
    assert (done.code, done.err) == (130, "error RUN130: The run was stopped.\n")


def test_a_run_that_is_to_stay_out_of_service_changes_nothing_there(simulate, tmp_path):
    done = simulate(f"output_dir={tmp_path}", "rounds=1", "in_service=false")
    assert done.code == 0
    assert "in service" not in done.out
    assert not (tmp_path / "models" / "model_meta.json").exists()
