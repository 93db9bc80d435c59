"""Noise that hospitals share, through the whole program: real messages, real training, every artifact."""

import json

import pytest

from tests.server.test_secagg import QUICK, cut_off_after_round_two_is_opened, history, log_of

SHARED = ["privacy=dp_sgd_secagg", "privacy.delta=1e-3", "privacy.patients_per_step=3", *QUICK]


def meta_of(path):
    return json.loads((path / "artifacts/run-001/model_meta.json").read_text())["privacy"]


def test_a_run_spends_its_budget_against_the_centre_to_the_end_and_names_all_three(simulate, tmp_path):
    done = simulate(f"output_dir={tmp_path}", "strategy=fedadam", "rounds=2", *SHARED)
    assert done.code == 0, done.err
    rows = history(tmp_path)
    assert [len(row["replied"]) for row in rows] == [3, 3]
    for name, found in meta_of(tmp_path)["per_hospital"].items():
        spent = [row["hospitals"][name]["epsilon"] for row in rows]
        assert spent == sorted(spent)
        assert spent[-1] == found["epsilon"] <= 8 < found["epsilon_one_colluding"] == found["epsilon_all_but_one"]
        assert rows[-1]["hospitals"][name].get("train_loss") is None
    assert max(found["epsilon"] for found in meta_of(tmp_path)["per_hospital"].values()) > 7.9
    noise = {found["noise_multiplier"] for found in meta_of(tmp_path)["per_hospital"].values()}
    assert len(noise) == 1, "one for all"


@pytest.mark.slow
def test_a_round_that_begins_again_costs_again_so_that_training_ends_a_round_earlier(simulate, tmp_path, monkeypatch):
    with cut_off_after_round_two_is_opened(monkeypatch):
        assert simulate(f"output_dir={tmp_path}", "rounds=3", *SHARED).code == 130
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert done.code == 0, done.err
    assert len(history(tmp_path)) == 2
    assert "Training ended after round 2 of 3" in log_of(tmp_path)
    assert all(found["epsilon"] <= 8 for found in meta_of(tmp_path)["per_hospital"].values())


@pytest.mark.parametrize("setting", ["privacy.bits=24", "privacy.threshold=3", "strategy=fedavgm"])
@pytest.mark.slow
def test_other_rings_thresholds_and_strategies_go_through(simulate, tmp_path, setting):
    done = simulate(f"output_dir={tmp_path}", "rounds=1", setting, *SHARED)
    assert done.code == 0, done.err
    found = next(iter(meta_of(tmp_path)["per_hospital"].values()))
    strict = setting == "privacy.threshold=3"
    assert (found["epsilon_one_colluding"] < found["epsilon_all_but_one"]) == strict
