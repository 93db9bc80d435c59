"""The benchmark compares the same steps and ends in the line that it promises; no figure is asserted."""

import re

import numpy as np
import pytest
import torch
from rich.console import Console

from bench import _plain, peers
from bench._family import Course
from bench.peers import PLAIN, Bench, Cost, cost_of, measure
from common.config.settings import TrainPlan
from common.model.registry import initial_weights
from common.model.state import arrays_from_state

COURSE = Course(
    moments=[100.0, 110.0, 130.0, 140.0],
    cpu=[0.0, 15.0, 45.0, 47.0],
    peak=1000.0,
    marks=[110.0, 115.0, 120.0, 125.0, 130.0, 135.0],
)


@pytest.mark.slow
def test_it_ends_with_the_ratio_over_plain_pytorch(capsys):
    small = {
        "--pixels": 32,
        "--slices-per-class": 12,
        "--batch": 16,
        "--repeats": 1,
        "--cores": 1,
        "--only": "inprocess",
    }
    peers.main([str(word) for flag in small.items() for word in flag])
    out = capsys.readouterr().out
    assert "here, in process" in out
    assert re.fullmatch(
        r"ratio=\d+\.\d{3} \(CPU seconds of a round, here, in process over plain PyTorch, 32 px, "
        r"12 slices a class, 1 cores\)",
        out.strip().splitlines()[-1],
    )


def test_plain_pytorch_ends_where_the_federation_ends(simulate, phantoms, tmp_path):
    """The yardstick does the same work: the same model comes out, but for the rounding of the sums."""
    unclipped = ["strategy.clip_to_median=null", "strategy.weight_to_median=null"]  # plain PyTorch knows neither
    assert simulate(f"output_dir={tmp_path}", "rounds=1", "train.batch_size=16", *unclipped).code == 0
    federated = torch.load(tmp_path / "artifacts" / "run-001" / "global_model.pth", weights_only=True)
    trainees = _plain.read(phantoms, tmp_path / "cache", peers.HOSPITALS, 32)
    start = arrays_from_state(initial_weights("resnet18", _plain.SEED))
    plain = _plain.run_round(trainees, start, 1, TrainPlan(batch_size=16, lr=1e-3), rounds=1)
    for name, array in plain.items():
        np.testing.assert_allclose(federated[name].numpy(), array, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(("steps", "rounds", "of_round"), [(1, 6, 6.4), (2, 3, 7.5 * 2), (3, 2, 7.5 * 3)])
def test_a_round_lasts_from_its_first_batch_to_that_of_the_next(steps, rounds, of_round):
    cost = cost_of(COURSE, steps, rounds)
    assert cost.start_cpu == 15.0
    assert cost.start_wall == 10.0
    assert cost.whole_cpu == 47.0
    assert cost.whole_wall == 40.0
    last = COURSE.marks[steps * (rounds - 1)]
    assert cost.round_wall == pytest.approx((last - 110.0) / (rounds - 1))
    assert cost.round_cpu == pytest.approx((COURSE.cpu_until(last) - 15.0) / (rounds - 1))


def test_other_steps_are_no_comparison(tmp_path, monkeypatch):
    monkeypatch.setattr(Bench, "run", lambda self, name: COURSE)
    assert len(measure(Bench(tmp_path, 32, 2, 8, 1), [PLAIN, "ray"], 2, 3)["ray"]) == 2
    with pytest.raises(SystemExit, match="plain PyTorch took 6 steps, not 8"):
        measure(Bench(tmp_path, 32, 2, 8, 1), [PLAIN, "ray"], 1, 4)


def test_the_table_compares_neighbouring_runs_and_states_the_rest(capsys):
    plain = [Cost(5.0, 4.0, round_cpu, 8.0, 30.0, 20.0, 900.0) for round_cpu in (10.0, 20.0, 10.0)]
    ours = [Cost(9.0, 7.0, round_cpu, 9.0, 40.0, 30.0, 1100.0) for round_cpu in (11.0, 22.0, 13.0)]
    Console(width=120).print(peers.results({PLAIN: plain, "inprocess": ours}))
    row = next(line for line in capsys.readouterr().out.splitlines() if "in process" in line)
    assert row.split()[3:] == ["9.0", "7.0", "13.0", "1.10", "9.0", "40.0", "30.0", "1,100"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--rounds", "1"], "two at least"), (["--cores", "1", "--only", "flower2"], "two actors need two cores")],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_drawn(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        peers.main(arguments)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
