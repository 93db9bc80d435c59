"""The log's lines: a time with its zone, a level, who, what."""

import logging
import re
import warnings
from datetime import datetime

import numpy as np
import pytest

from common.artifacts.run_files import enter_totals, enter_validation
from common.artifacts.schema import Failure, HospitalRound, Round
from common.metrics.calibration import bin_confidences
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates, Shared, SharedWith
from server.recording.log import TrainingLog, open_log
from tests.support.descriptions import description

LINE = re.compile(r"(\S+) (INFO|WARNING|ERROR) ([^|]+) \| (.+)")


@pytest.fixture
def log(tmp_path):
    """A log file that is open, and everything as it was afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    path = tmp_path / "training.log"
    open_log(path)
    yield path
    logging.captureWarnings(False)
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)


def lines(path) -> list[tuple[str, str, str]]:
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        assert datetime.fromisoformat(match[1]).tzinfo is not None
        found.append((match[2], match[3], match[4]))
    return found


def confusion(right: int, wrong: int) -> np.ndarray:
    counts = np.zeros((4, 4), np.int64)
    counts[0, 0], counts[1, 0] = right, wrong
    return counts


def test_a_runs_events_are_lines_of_whom_they_concern(log):
    training = TrainingLog()
    part = HospitalRound(train_loss=0.8311, train_accuracy=0.6, train_samples=1134, train_steps=36, train_seconds=24.13)
    training.described([description("a")])
    shared = {"Hospital B": SharedWith(4, 3, 1), "Hospital C": SharedWith(0, 0, 0)}
    training.compared(CrossDuplicates({"Hospital A": Shared(3, 1, shared)}))
    training.phase("train", 2)
    training.trained("Hospital A", part)
    training.failed(Failure("Hospital B", "train", "no answer within 5 s"))
    enter_validation(part, EvaluateResult(4, 2.0, confusion(3, 1), [], 0.1))
    record = Round(2, seconds=31.0, replied=["Hospital A"], hospitals={"Hospital A": part})
    enter_totals(record, [])
    training.round_done(record, True)
    bins = bin_confidences(np.full(4, 0.9), np.ones(4, bool))
    training.tested("fedavg, model of round 2", {"Hospital A": EvaluateResult(4, 1.0, confusion(4, 0), bins, 0.1)})
    training.completed({"warnings": [{"code": "EVAL001", "sentence": "It has seen the test."}]})
    assert lines(log) == [
        ("INFO", "Hospital A", "holds 10 usable slices: glioma 4, meningioma 4, pituitary 1, notumor 1"),
        ("WARNING", "Hospital A", "DATA004 Look again."),
        (
            "WARNING",
            "server",
            "Slices that another hospital holds too: Hospital A 3; 1 test slices are trained on elsewhere, so the test "
            "flatters.",
        ),
        ("INFO", "Hospital A", "3 slices are at Hospital B too; 1 of its test slices are trained on there"),
        ("INFO", "server", "train, round 2"),
        ("INFO", "Hospital A", "trained 1,134 slices in 36 steps, 24.1 s: loss 0.831, accuracy 60.0 %"),
        ("WARNING", "Hospital B", "left out of train: no answer within 5 s"),
        ("INFO", "Hospital A", "validated 4 slices: loss 0.500, accuracy 75.0 (30.1–95.4) %"),
        (
            "INFO",
            "server",
            "round 2 done in 31.0 s: validation loss 0.500, accuracy 75.0 (30.1–95.4) %, 1 of 1 hospitals, best so far",
        ),
        (
            "INFO",
            "Hospital A",
            "tested 4 slices (fedavg, model of round 2): accuracy 100.0 (51.0–100.0) %",
        ),
        ("WARNING", "server", "EVAL001 It has seen the test."),
    ]


def test_flower_ray_and_warnings_go_to_the_file_and_not_to_the_screen(log, capfd):
    logging.getLogger("flwr").warning("Flower's own word, %d %%", 7)
    logging.getLogger("ray").error("Ray's")
    warnings.warn("a library's", UserWarning, stacklevel=1)
    text = log.read_text()
    assert " WARNING flwr | Flower's own word, 7 %\n" in text
    assert " ERROR ray | Ray's\n" in text
    assert "UserWarning: a library's" in text
    out, err = capfd.readouterr()
    assert "own word" not in out + err


def test_an_exception_is_written_with_its_traceback(log):
    try:
        raise ValueError("what happened")
    except ValueError:
        logging.getLogger("clients").exception("could not answer")
    text = log.read_text()
    assert " ERROR clients | could not answer\nTraceback" in text
    assert "ValueError: what happened" in text


def test_a_second_run_in_one_process_has_its_own_log(log, tmp_path):
    logging.getLogger("server").info("first")
    open_log(tmp_path / "second.log")
    logging.getLogger("server").info("second")
    assert [text for *_, text in lines(log)] == ["first"]
    assert [text for *_, text in lines(tmp_path / "second.log")] == ["second"]
