from __future__ import annotations

from typing import Any

from dashboard.data.run_names import MOST_PARTS, titles
from tests.support.run_files import settings


def run(strategy: str = "fedavg", seed: int = 7, lr: float = 1e-3, **numbers: float) -> dict[str, Any]:
    body = settings(4, strategy, lr) | {"seed": seed}
    body["strategy"] = {"name": strategy, **numbers}
    return body


def test_a_run_alone_is_called_by_its_strategy() -> None:
    assert titles({"run-001": run()}) == {"run-001": "FedAvg"}


def test_only_what_differs_is_said_and_the_strategy_always_with_its_number() -> None:
    found = titles({"a": run("fedprox", proximal_mu=0.1), "b": run("fedprox", seed=42, proximal_mu=0.1)})
    assert found == {"a": "FedProx 0.1 · seed 7", "b": "FedProx 0.1 · seed 42"}


def test_settings_stand_in_their_order_and_the_seed_last() -> None:
    small, large = run(lr=3e-4), run(seed=1) | {"rounds": 1, "wire": {"name": "int8"}, "privacy": {"name": "secagg"}}
    large["data"] = {"image_size": 224, "group_split": False}
    small |= {"wire": {"name": "lossless"}, "privacy": {"name": "none"}}
    assert titles({"a": small, "b": large}) == {
        "a": "FedAvg · 64 px · lossless · seed 7",
        "b": "FedAvg · 224 px · int8 · secure aggregation · seed 1",
    }


def test_what_a_run_began_with_is_said_where_runs_differ_in_it() -> None:
    bodies = {"a": run() | {"init": None}, "b": run() | {"init": "synthetic"}, "c": run() | {"init": "run-003"}}
    assert titles(bodies) == {
        "a": "FedAvg · from scratch",
        "b": "FedAvg · from program-made images",
        "c": "FedAvg · from run-003",
    }
    assert "list" in titles(bodies | {"d": run() | {"init": ["strange"]}})["d"]


def test_of_many_settings_those_are_said_that_tell_runs_apart() -> None:
    def other(**train: float) -> dict[str, Any]:
        body = run() | {"rounds": 9}
        return body | {"train": body["train"] | {"batch_size": 32, "momentum": 0.5} | train}

    first = run()
    first["train"] |= {"batch_size": 16, "momentum": 0.9}
    assert titles({"a": first, "b": other()}) == {
        "a": "FedAvg · 4 rounds · batch 16 · momentum 0.9",
        "b": "FedAvg · 9 rounds · batch 32 · momentum 0.5",
    }
    assert titles({"a": first, "b": other(), "c": other(lr=1.0)}) == {
        "a": "FedAvg · 4 rounds · lr 0.001",
        "b": "FedAvg · 9 rounds · lr 0.001",
        "c": "FedAvg · 9 rounds · lr 1",
    }


def test_a_strategy_of_several_numbers_says_those_in_which_its_runs_differ() -> None:
    slow, fast = (run("fedadam", server_lr=rate, beta_1=0.9, tau=0.001) for rate in (0.01, 0.1))
    assert titles({"a": slow, "b": fast, "c": run()}) == {
        "a": "FedAdam server lr 0.01",
        "b": "FedAdam server lr 0.1",
        "c": "FedAvg",
    }


def test_a_setting_that_an_older_run_did_not_have_is_no_difference() -> None:
    old, new = run(), run() | {"wire": {"name": "lossless"}}
    assert titles({"a": old, "b": new}) == {"a": "FedAvg", "b": "FedAvg"}


def test_places_and_machines_are_no_difference() -> None:
    here, there = run(), run() | {"output_dir": "/elsewhere", "compute": {"engine": "inprocess", "device": "cuda"}}
    assert set(titles({"a": here, "b": there}).values()) == {"FedAvg"}


def test_a_run_without_settings_has_no_name_of_its_own() -> None:
    assert titles({"v1": {}, "a": run()}) == {"v1": "", "a": "FedAvg"}


def test_names_stay_short_whatever_differs() -> None:
    train = {"lr": 2, "batch_size": 3, "local_epochs": 1, "momentum": 0.2, "optimiser": "adam", "softmax": "x"}
    first = run() | {"data": {"image_size": 2, "slice_step": 1}, "train": train}
    runs = {name: first | {"train": train | {name: "another"}} for name in train}
    runs |= {"px": first | {"data": {"image_size": 1}}, "long": first | {"rounds": 9}, "seed": first | {"seed": 1}}
    name = titles({"a": first, **runs})["a"]
    assert name == "FedAvg · 2 px · 4 rounds · 1 local epoch · lr 2 · batch 3 · Adam · … · seed 7"
    assert name.count(" · ") == MOST_PARTS + 2


def test_damaged_settings_are_text_and_bounded() -> None:
    odd: dict[str, Any] = {"strategy": {"name": "<b>" + "x" * 500}, "rounds": "many\n" * 99, "seed": [1], "data": 3}
    name = titles({"a": odd, "b": run()})["a"]
    assert "\n" not in name
    assert len(name) < 150


def test_runs_of_different_privacy_are_told_apart_and_so_are_their_budgets() -> None:
    bodies = [run() | {"privacy": {"name": name, "epsilon": epsilon, "noise": None}} for name, epsilon in PRIVACY]
    assert list(titles(dict(zip("abcd", bodies, strict=True))).values()) == [
        "FedAvg",
        "FedAvg · secure aggregation",
        "FedAvg · DP-SGD · epsilon 8",
        "FedAvg · DP-SGD, secure aggregation · epsilon 1.5",
    ]


PRIVACY = [("none", None), ("secagg", None), ("dp_sgd", 8.0), ("dp_sgd_secagg", 1.5)]
