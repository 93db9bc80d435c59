from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.load import load_run
from common.artifacts.schema import Run
from dashboard.data.gains import figures as gain
from dashboard.data.gains import left as what_left
from dashboard.reports import board
from tests.support.pdf_text import pdf_text
from tests.support.run_files import HOSPITALS, STRANGE, write_json, write_run

AT = datetime(2026, 11, 23, 6, 15, tzinfo=UTC)


def document(tmp_path: Path, hospitals: dict[str, tuple[float, float]] = HOSPITALS) -> bytes:
    shared, own = (
        load_run(write_run(tmp_path, name, hospitals=hospitals, best=best))
        for name, best in (("run-001", 0.9), ("run-002", 0.5))
    )
    return board.board_pdf(shared, gain.of_runs(shared, own, hospitals), AT, compress=False)


def changed(folder: Path, **settings: object) -> Run:
    meta = json.loads((folder / "model_meta.json").read_text())
    meta["settings"] |= settings
    write_json(folder / "model_meta.json", meta)
    return load_run(folder)


def test_a_board_reads_on_one_page_who_gains_and_what_left(tmp_path: Path) -> None:
    content = document(tmp_path)
    assert len(re.findall(rb"/Type /Page\b", content)) == 1
    text = pdf_text(content)
    for words in (
        "Research use only",
        "SYNTHETIC DATA",
        "Every hospital gains from the shared model (40.0 points).",
        "run-001: 3 hospitals",
        "FedAvg, 4 rounds; 1,175 slices",
        "+40.0 pp (",
        "): gains",
        "90.0 % (",
        "179.2 MB",
        "No message of this program carries a picture",
        "Secure aggregation not recorded",
        "Differential privacy Whether differential privacy protected",
        "a simulation",
        "No tumour is held by Phantom Hyderabad alone",
        "from the files of run-001 and of run-001 and run-002",
    ):
        assert words in text, words


def test_names_in_other_scripts_go_by_their_keys(tmp_path: Path) -> None:
    text = pdf_text(document(tmp_path, STRANGE))
    assert "Hospital phantom_1" in text
    assert "<script>alert(1)" in text, "a name is text"


def test_protection_is_only_what_is_recorded(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert dict(what_left.protection(load_run(folder)))["Secure aggregation"] == "not recorded"
    off = changed(folder, privacy={"name": "none"}, strategy={"clip_to_median": 1.0})
    assert dict(what_left.protection(off))["Secure aggregation"].startswith("off")
    assert dict(what_left.protection(off))["Outlying updates"] == "cut to 1 times the median length"
    assert "which the centre sees one by one" in what_left.kinds(off)[0]
    on = changed(folder, privacy={"name": "secagg", "bits": 24})
    assert dict(what_left.protection(on))["Secure aggregation"].startswith("on, 24 bits")
    assert "masked" in what_left.kinds(on)[0]


def test_bytes_are_summed_over_rounds_or_not_known(tmp_path: Path) -> None:
    folder = write_run(tmp_path, done=3)
    assert set(what_left.sent(load_run(folder)).values()) == {3 * 44_800_000}
    rounds = json.loads((folder / "training_history.json").read_text())
    del rounds[1]["hospitals"]["Phantom Jaipur"]["bytes_up"]
    write_json(folder / "training_history.json", rounds)
    assert what_left.sent(load_run(folder))["Phantom Jaipur"] is None


@pytest.mark.parametrize("engine", ["superlink", None])
def test_machines_are_told_from_a_simulation(tmp_path: Path, engine: str | None) -> None:
    folder = write_run(tmp_path)
    status = json.loads((folder / "status.json").read_text())
    write_json(folder / "status.json", status | {"engine": engine})
    where = dict(what_left.protection(load_run(folder)))["Where"]
    assert where.startswith("on separate machines" if engine else "not recorded")


def test_sums_of_features_left_where_hospitals_returned_them(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run-001")
    assert not [each for each in what_left.kinds(load_run(folder)) if "held-out" in each]
    body = json.loads((folder / "model_meta.json").read_text())
    write_json(folder / "model_meta.json", body | {"familiarity": {"hospitals": ["Phantom Jaipur"]}})
    assert [each for each in what_left.kinds(load_run(folder)) if "held-out" in each]
