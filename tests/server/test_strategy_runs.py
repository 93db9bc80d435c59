"""Each strategy through the whole program: real messages, real training, every artifact."""

import json

import pytest
import torch

from common.model import build_model
from common.strategy_plan import NUMBERS

ONE_STEP = ["train.batch_size=64", "data.max_per_class=8", "data.image_size=32"]


def read(path):
    return json.loads(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(set(NUMBERS) - {"fedbn", "local", "pooled"})
)  # those: tests.server.test_baselines
def test_every_strategy_completes_and_says_its_name_and_numbers(simulate, tmp_path, name):
    done = simulate(f"output_dir={tmp_path}", f"strategy={name}", *ONE_STEP)
    assert done.code == 0, done.err
    run = tmp_path / "artifacts" / "run-001"
    status, meta = read(run / "status.json"), read(run / "model_meta.json")
    assert (status["state"], status["strategy"], meta["strategy"]) == ("completed", name, name)
    assert [row["replied"] for row in read(run / "training_history.json")] == [status["hospitals"]] * 2
    numbers = meta["settings"]["strategy"]
    assert numbers["name"] == name
    assert {number for number in numbers if numbers[number] is not None} >= set(NUMBERS[name])
    assert f"name: {name}" in (run / "config.yaml").read_text()
    state = torch.load(run / "global_model.pth", weights_only=True)
    build_model().load_state_dict(state, strict=True)
    for tensor, value in state.items():
        assert torch.isfinite(value).all(), tensor
        assert not tensor.endswith("running_var") or (value > 0).all(), tensor
        assert not tensor.endswith("num_batches_tracked") or value == (2 if meta["best_epoch"] == 2 else 1), tensor


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["strategy=krum", "strategy.malicious_hospitals=1"], "needs 5"),
        (["strategy=fedtrimmedavg", "strategy.trim_fraction=0.2"], "needs 5"),
        (["strategy=fedmedian", "hospitals=[phantom_jaipur,phantom_kolkata]"], "needs 3"),
    ],
)
def test_too_few_hospitals_for_a_robust_strategy_is_said_before_anything_starts(simulate, tmp_path, overrides, says):
    done = simulate(f"output_dir={tmp_path}", *overrides)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("error CONF010")
    assert says in done.err
    assert not list(tmp_path.glob("artifacts/*"))
