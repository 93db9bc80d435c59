from __future__ import annotations

from pathlib import Path

import pytest

from common.artifacts.load import load_run, load_settings
from common.artifacts.privacy.guarantee import HospitalPrivacy, RunPrivacy, privacy_of, recorded_privacy
from common.artifacts.schema import to_json
from common.artifacts.values import Notes
from tests.support.run_files import private, write_run

AIIMS = HospitalPrivacy("patient", 120, 0.1, 1.1, 7.9, 9.0, 12.0, None)
WHOLE = RunPrivacy("dp_sgd_secagg", 8.0, 1e-5, 1.0, 12, 20, 10, "head", 1, {"AIIMS": AIIMS})


@pytest.mark.parametrize("privacy", [WHOLE, RunPrivacy("none"), RunPrivacy("secagg")])
def test_a_protection_is_read_as_it_was_written(privacy: RunPrivacy) -> None:
    assert recorded_privacy({"privacy": to_json(privacy)}) == privacy


@pytest.mark.parametrize("meta", [{}, {"privacy": None}, {"privacy": "dp_sgd"}, {"privacy": []}])
def test_a_run_that_recorded_none_has_none(meta: dict[str, object]) -> None:
    assert recorded_privacy(meta) is None


def test_what_does_not_fit_is_left_out_with_a_sentence() -> None:
    notes = Notes("model_meta.json")
    body = {"name": "dp_sgd", "epsilon": -1, "per_hospital": {"AIIMS": {"epsilon": "low", "units": 5, "unit": "cat"}}}
    found = recorded_privacy({"privacy": body}, notes)
    assert found == RunPrivacy("dp_sgd", per_hospital={"AIIMS": HospitalPrivacy(units=5)})
    assert len(notes.problems) == 2


def test_a_run_under_way_has_what_was_set_and_what_each_hospital_has_spent(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, state="running", done=2, rounds=4, privacy=private(stopped=1)))
    settings, _ = load_settings(run.folder)
    found = privacy_of(run, settings)
    assert (found.name, found.epsilon, found.rounds, found.spent) == ("dp_sgd", 8.0, 4, 6.9)
    assert found.per_hospital["Phantom Kolkata"].stopped_after_round == 1
    assert found.per_hospital["Phantom Jaipur"].stopped_after_round is None


def test_a_run_of_an_earlier_version_says_in_its_settings_whether_updates_were_masked(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path))
    assert privacy_of(run, {"privacy": {"name": "secagg", "bits": 24}}) == RunPrivacy("secagg")
    assert privacy_of(run, {}) == RunPrivacy()
