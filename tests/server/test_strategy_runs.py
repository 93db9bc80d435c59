"""Each strategy through the whole program: real messages, real training, every artifact."""

import json

import pytest
import torch

from common.config.strategies import STRATEGIES
from common.errors import Interrupted
from common.files import sha256_of
from common.model.registry import build_model
from common.model.state import arrays_from_model
from common.model.weights import weights_of
from common.protocol.codec import payload_bytes
from server.recording.recorder import Recorder

ONE_STEP = ["train.batch_size=64", "data.max_per_class=8", "data.image_size=32"]


def read(path):
    return json.loads(path.read_text())


@pytest.fixture
def interrupted(monkeypatch, simulate):
    """Run until a round is on disk, as if the machine had then been switched off; then go on."""

    def run(after: int, *overrides: str):
        save = Recorder.save_round

        def save_and_stop(recorder, progress):
            save(recorder, progress)
            if progress.round == after:
                raise Interrupted("RUN130", "The run was stopped.")

        with monkeypatch.context() as patch:
            patch.setattr(Recorder, "save_round", save_and_stop)
            assert simulate(*overrides).code == 130
        output = next(item for item in overrides if item.startswith("output_dir="))
        return simulate("resume=run-001", output, base=False)

    return run


def figures_of(path):
    """A run's figures, without clock times."""
    rows = read(path / "artifacts" / "run-001" / "training_history.json")
    return [
        [row["val_loss"], row["train_loss"], row["val_confusion_matrix"], row["replied"], _updates_of(row)]
        for row in rows
    ]


def _updates_of(row):
    return [{key: part[key] for key in part if key.startswith("update_")} for part in row["hospitals"].values()]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fedavgm", "fedadam", "scaffold"])
def test_a_resumed_run_ends_in_the_bits_of_an_undisturbed_one(simulate, interrupted, tmp_path, name):
    settings = [f"strategy={name}", *ONE_STEP]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert simulate(f"output_dir={whole}", *settings).code == 0
    done = interrupted(1, f"output_dir={stopped}", *settings)
    assert done.code == 0, done.err
    assert figures_of(whole) == figures_of(stopped)
    models = [path / "artifacts/run-001/global_model.pth" for path in (whole, stopped)]
    assert sha256_of(models[0]) == sha256_of(models[1])


@pytest.mark.slow
def test_scaffold_sends_its_control_variates_down_and_nothing_more_up(simulate, tmp_path):
    assert simulate(f"output_dir={tmp_path}", "strategy=scaffold", *ONE_STEP).code == 0
    arrays = arrays_from_model(build_model())
    size, control = payload_bytes(arrays), payload_bytes(weights_of(arrays))
    first, second = read(tmp_path / "artifacts/run-001/training_history.json")
    assert {part["bytes_down"] for part in first["hospitals"].values()} == {2 * size}
    assert {part["bytes_down"] for part in second["hospitals"].values()} == {2 * size + control}
    assert {part["bytes_up"] for row in (first, second) for part in row["hospitals"].values()} == {size}
    assert not list((tmp_path / "cache" / "runs").rglob("*.pth")), "after the test nothing is kept"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(set(STRATEGIES) - {"fedbn", "local", "pooled"})
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
    assert {number for number in numbers if numbers[number] is not None} >= set(STRATEGIES[name].numbers)
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
