"""The benchmark compares the same steps and ends in the line that it promises; no figure is asserted."""

import re

import numpy as np
import pytest
import torch
from rich.console import Console

from bench import _plain, simulation
from bench.simulation import PLAIN, Bench, Timing, measure
from common.config.settings import TrainPlan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state


@pytest.mark.slow
def test_it_ends_with_the_ratio_over_plain_pytorch(capsys):
    settings = "--pixels 32 --rounds 2 --slices-per-class 12 --batch 16 --cores 1 --engines inprocess"
    simulation.main(settings.split(" "))
    out = capsys.readouterr().out
    assert "Flower, inprocess" in out
    assert "a minute or longer" in out
    assert re.fullmatch(
        r"ratio=\d+\.\d{3} \(time of 2 rounds, simulation with inprocess over plain PyTorch, 32 px, \d+ s a round, "
        r"1 cores, start-up apart\)",
        out.strip().splitlines()[-1],
    )


def test_plain_pytorch_ends_where_the_federation_ends(simulate, phantoms, tmp_path):
    """The yardstick does the same work: the same model comes out, but for the rounding of the sums."""
    unclipped = ["strategy.clip_to_median=null", "strategy.weight_to_median=null"]  # plain PyTorch knows neither
    assert simulate(f"output_dir={tmp_path}", "rounds=1", "train.batch_size=16", *unclipped).code == 0
    federated = torch.load(tmp_path / "artifacts" / "run-001" / "global_model.pth", weights_only=True)
    trainees = _plain.read(phantoms, tmp_path / "cache", simulation.HOSPITALS, 32)
    start = arrays_from_state(initial_weights("resnet18", _plain.SEED))
    plain, steps = _plain.run_round(trainees, start, 1, TrainPlan(batch_size=16, lr=1e-3), rounds=1)
    assert steps > len(trainees)
    for name, array in plain.items():
        np.testing.assert_allclose(federated[name].numpy(), array, rtol=1e-4, atol=1e-6, err_msg=name)


def test_other_steps_are_no_comparison(tmp_path, monkeypatch):
    timing = Timing(1.0, 2.0, 3.0, [1.0, 1.0], [5, 5])
    monkeypatch.setattr(Bench, "plain", lambda self: timing)
    monkeypatch.setattr(Bench, "simulate", lambda self, engine: Timing(1.0, 2.0, 3.0, [1.0, 1.0], [5, 4]))
    with pytest.raises(SystemExit, match="ray took"):
        measure(Bench(tmp_path, 32, 2, 8, 1), ["ray"], 1)


def test_the_table_compares_rounds_and_states_the_rest(capsys):
    slow, fast = Timing(9.0, 21.0, 3.0, [11.0, 10.0], [5, 5]), Timing(1.0, 20.0, 2.0, [10.0, 10.0], [5, 5])
    Console(width=80).print(simulation.results({PLAIN: [fast], "ray": [slow]}))
    row = next(line for line in capsys.readouterr().out.splitlines() if "ray" in line)
    assert row.split()[2:] == ["9.0", "11.0", "10.0", "21.0", "3.0", "33.0", "1.050"]
