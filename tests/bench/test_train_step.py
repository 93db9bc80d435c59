"""The benchmark runs, does the work it claims, and ends in the line that it promises; no figure is asserted."""

import re

import pytest
import torch

from bench import train_step
from bench._blocks import alternate, median_ratio


def test_it_ends_with_the_ratio_over_version_1_at_the_headline_size(capsys, monkeypatch):
    monkeypatch.setattr(train_step, "_SLICES_PER_CLASS", 4)
    monkeypatch.setattr(train_step, "_HEADLINE_PIXELS", 32)
    threads = torch.get_num_threads()
    train_step.main(
        ["--pixels", "40", "32", "--batch", "4", "--steps", "2", "--repeats", "1", "--threads", "1", "--device", "cpu"]
    )
    torch.set_num_threads(threads)
    out = capsys.readouterr().out
    for name in (train_step.OURS, train_step.VERSION1, train_step.BARE):
        assert out.count(name) >= 2
    last = out.strip().splitlines()[-1]
    assert re.fullmatch(
        r"ratio=\d+\.\d\d \(images/s of this project over version 1's loop, 32 px, batch 4, 1 threads\)", last
    )


def test_every_contestant_trains_on_the_same_images(tmp_path, monkeypatch):
    monkeypatch.setattr(train_step, "_SLICES_PER_CLASS", 2)
    work = train_step.make_workload(tmp_path, 32, batch=4, steps=5, device=torch.device("cpu"))
    assert len(work.paths) == len(work.indices) == 20
    names = sorted(path.relative_to(tmp_path / "slices" / "dataset-1").as_posix() for path in set(work.paths))
    assert [names.index(path.relative_to(tmp_path / "slices" / "dataset-1").as_posix()) for path in work.paths] == (
        work.indices.tolist()
    )
    for make in (train_step._ours, train_step._version1, train_step._bare):
        assert make(work.part(1))() == 4


def test_contestants_take_turns():
    order = []
    speeds = alternate({name: lambda name=name: order.append(name) or 8 for name in "abc"}, repeats=2)
    assert order == list("abcabc")
    assert all(len(values) == 2 and min(values) > 0 for values in speeds.values())


def test_a_busy_minute_does_not_change_the_ratio():
    quiet, busy = 1.0, 0.3
    ours, theirs = [8.0 * quiet, 8.0 * busy, 8.0 * quiet], [4.0 * quiet, 4.0 * busy, 4.0 * quiet]
    assert median_ratio(ours, theirs) == pytest.approx(2.0)


def test_blocks_take_about_as_long_at_every_size():
    steps = {pixels: train_step._steps(pixels, torch.device("cpu")) for pixels in (224, 96, 32)}
    assert steps == {224: 3, 96: 16, 32: 147}
