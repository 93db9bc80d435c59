"""What a person sees, on 80 columns, without a line that wraps."""

import io

import numpy as np
import pytest
from rich.console import Console

from common.artifacts.run_files import enter_totals, enter_validation
from common.artifacts.schema import Failure, HospitalRound, Round
from common.labels import CLASSES
from common.metrics.evaluation import EvaluateResult
from common.overlap.matches import CrossDuplicates, Shared, SharedWith
from common.protocol.progress_channel import Progress, ProgressChannel
from server.recording.terminal import Terminal, hospitals_table, round_line
from tests.support.descriptions import description
from tests.support.finished import NAMES, finished, shown


def many(name: str, slices: int = 21_620):
    """A description with numbers of five digits."""
    said = description("a", train=slices * 7 // 10, val=slices * 3 // 20, test=slices * 3 // 20, name=name)
    said.numbers["class_distribution"] = dict.fromkeys(CLASSES, slices // 4) | {"notumor": 0}
    return said


def confusion(scale: int = 1) -> np.ndarray:
    return scale * np.array([[30, 2, 1, 0], [4, 25, 3, 0], [1, 1, 38, 0], [0, 0, 0, 0]], np.int64)


def a_round(number: int = 3, scale: int = 1) -> Round:
    part = HospitalRound()
    enter_validation(part, EvaluateResult(105 * scale, 0.512 * 105 * scale, confusion(scale), [], 0.1))
    hospitals = {NAMES[0]: part, NAMES[1]: HospitalRound(), NAMES[2]: part}
    record = Round(number, seconds=61.4, replied=NAMES[:2], hospitals=hospitals)
    enter_totals(record, [])
    return record


def test_the_table_of_what_hospitals_hold_fits_80_columns():
    lines = shown(hospitals_table([many(name) for name in NAMES]))
    rows = [line for line in lines if line.startswith(tuple(NAMES))]
    assert len(rows) == 3
    assert max(len(line) for line in lines) <= 80
    assert not any("…" in line for line in lines), "nothing is cut off"
    assert rows[0].split()[2:] == ["21,620", "5,405", "5,405", "5,405", "–", "15,134", "3,243", "3,243", "1"]


@pytest.mark.parametrize("best", [True, False])
def test_a_round_is_one_line_of_80_columns(best):
    (line,) = shown(round_line(a_round(100), 100, best))
    assert line.startswith("round 100/100   88.6 % [84–92] (88.6/–/88.6)  loss 0.512  61 s  2 of 3")
    assert len(line) <= 80
    assert line.endswith("best") == best


def test_who_is_missing_is_counted_only_if_somebody_is():
    record = a_round()
    record.replied = NAMES
    record.hospitals[NAMES[1]] = record.hospitals[NAMES[0]]
    enter_totals(record, [])
    assert shown(round_line(record, 100, True)) == [
        "round   3/100   88.6 % [85–92] (88.6/88.6/88.6)  loss 0.512  61 s best"
    ]


def test_rounds_stand_under_each_other():
    assert shown(round_line(a_round(7), 10, False))[0].startswith("round  7/10   88.6 % [")


@pytest.fixture
def screen(tmp_path):
    console = Console(width=80, record=True, file=io.StringIO(), highlight=False)
    return Terminal(console, 2, {"a": NAMES[0], "b": NAMES[1]}, ProgressChannel(tmp_path))


SHARING = CrossDuplicates(
    {
        NAMES[0]: Shared(12, 3, {NAMES[1]: SharedWith(14, 12, 3)}),
        NAMES[1]: Shared(9, 0, {NAMES[0]: SharedWith(14, 9, 0)}),
    },
    {NAMES[2]: "no fingerprint_key"},
)


def test_a_run_without_a_terminal_is_lines_only(screen):
    with screen:
        screen.phase("describe", 0)
        screen.described([description("a", name=NAMES[0])])
        screen.compared(SHARING)
        screen.phase("train", 1)
        screen.waiting()
        screen.failed(Failure(NAMES[1], "train", "it [was] not [/here]"))
        screen.round_done(a_round(1), True)
        screen.completed(finished())
    text = screen.console.export_text()
    assert "reading and auditing" in text
    assert "Slices that another hospital holds too: AIIMS Delhi 12" in text
    assert f"{NAMES[1]} left out of train: it [was] not [/here]" in text
    assert "round 1/2" in text
    assert "on 2 validation slices: accuracy [95 % interval]" in text
    assert "all hospitals" in text
    assert "SYNTHETIC" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_synthetic_slices_are_called_that(screen):
    said = description("a", name=NAMES[0])
    said.numbers["synthetic"] = True
    screen.described([said])
    assert "SYNTHETIC: a program drew these slices" in screen.console.export_text()


def test_patients_are_counted_and_what_tells_them_is_said(screen):
    counts = {"train": 4, "val": 1, "test": 2}
    screen.described([description("a", name=NAMES[0], patient_counts=counts, patient_source="dicom")])
    assert "Patients (training / validation / test): 4 / 1 / 2" in screen.console.export_text(clear=False)
    screen.described([description("a", name=NAMES[0], patient_counts=counts, patient_source="guessed")])
    assert "guessed" in screen.console.export_text()


def test_on_a_terminal_the_batches_of_a_round_move(tmp_path):
    output = io.StringIO()
    console = Console(width=80, file=output, force_terminal=True, highlight=False)
    channel = ProgressChannel(tmp_path)
    with Terminal(console, 2, {"a": NAMES[0]}, channel) as screen:
        screen.phase("train", 1)
        channel.tell(Progress("a", "training", 0, 40))
        screen.waiting()
        screen._progress.refresh()
        shown_now = output.getvalue()
        screen.round_done(a_round(1), False)
        assert channel.read() == [], "who has answered is at work no longer"
    assert f"{NAMES[0]} training" in shown_now
    assert "0/40" in shown_now
    assert "training, round 1" in shown_now
