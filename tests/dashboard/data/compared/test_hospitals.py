from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.data import cached
from dashboard.data.compared.hospitals import slots
from tests.support.run_files import HOSPITALS, write_run


def test_a_hospital_keeps_its_number_whoever_joins_later() -> None:
    first = {"B": "b", "C": "c"}
    assert slots([first]) == {"B": 0, "C": 1}
    assert slots([first, {"A": "a", "C": "c"}]) == {"B": 0, "C": 1, "A": 2}


def test_its_key_stays_where_its_name_changes() -> None:
    assert slots([{"Old": "b"}, {"New": "b", "A": "a"}]) == {"Old": 0, "New": 0, "A": 1}
    assert slots([{"B": "B"}, {"B": "b"}, {"Renamed": "b"}]) == {"B": 0, "Renamed": 0}


def test_two_hospitals_of_one_run_never_share_a_number() -> None:
    found = slots([{"A": "same", "B": "same"}])
    assert found["A"] != found["B"]


def test_a_folder_numbers_its_hospitals_oldest_run_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    assert cached.hospital_slots() == {}
    write_run(tmp_path, "run-001", hospitals={"Phantom Kolkata": HOSPITALS["Phantom Kolkata"]})
    assert cached.hospital_slots() == {"Phantom Kolkata": 0}
    (tmp_path / "artifacts" / "run-002").mkdir()
    (tmp_path / "artifacts" / "run-002" / "dataset_stats.json").write_text('{"A": {"key": "a"}, "B": 3}')
    assert cached.hospital_slots() == {"Phantom Kolkata": 0, "A": 1, "B": 2}
