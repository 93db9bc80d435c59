"""The table of codings: bytes beside float32's, and what a coding loses with the same seed."""

from __future__ import annotations

import io
import json

from rich.console import Console

from bench.wire import Measured, measured, results
from common.artifacts.layout import RunFolder


def shown(found: dict[str, list[Measured]]) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=200)
    console.print(results(found))
    return [line.split() for line in console.file.getvalue().splitlines() if line.strip()]


def test_bytes_stand_beside_float32s_and_accuracy_is_compared_seed_by_seed():
    plain = [Measured(60e6, 40e6, 1.0, 9.0, accuracy) for accuracy in (0.80, 0.90, 0.85)]
    coded = [Measured(6e6, 4e6, 2.0, 9.0, accuracy) for accuracy in (0.79, 0.89, 0.84)]
    rows = {line[0]: line for line in shown({"float32": plain, "int8": coded})}
    assert rows["float32"][1:7] == ["60.0", "40.0", "100.0", "100.0%", "1.00", "9.0"]
    assert rows["int8"][1:5] == ["6.0", "4.0", "10.0", "10.0%"]
    assert rows["int8"][-3:] == ["-1.0", "[-1.0,", "-1.0]"], "the same loss with each seed leaves no doubt"
    assert rows["float32"][-1] == "–"


def test_of_one_seed_there_is_no_interval():
    rows = {line[0]: line for line in shown({"int4": [Measured(6e6, 4e6, 2.0, 9.0, 0.8)]})}
    assert rows["int4"][-2:] == ["80.0", "–"]


def test_a_runs_own_files_say_what_travelled_and_what_was_not_training(tmp_path):
    folder = RunFolder(tmp_path, "run-001")
    folder.path.mkdir(parents=True)
    part = {"train_seconds": 2.0, "val_seconds": 1.0}
    rows = [
        {"bytes_down": 10, "bytes_up": 4, "seconds": 8.0, "hospitals": {"a": part, "b": part}},
        {"bytes_down": 20, "bytes_up": 4, "seconds": 8.0, "hospitals": {"a": part, "b": {}}},
    ]
    folder.history.write_text(json.dumps(rows))
    folder.meta.write_text(json.dumps({"metrics": {"test_accuracy": 0.5}}))
    assert measured(folder, 7.0) == Measured(15, 4, 3.5, 7.0, 0.5)
