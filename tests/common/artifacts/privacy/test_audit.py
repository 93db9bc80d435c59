from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.artifacts.privacy.audit import Canaries, Inversion, Membership, PrivacyAudit, read_audit, write_audit
from common.errors import RunError

WHOLE = PrivacyAudit(
    run="run-007",
    settings={"seed": 1},
    claimed_epsilon=8.0,
    delta=1e-5,
    canaries=Canaries(100, 60, 40, 1.2, 0.95, "loss"),
    membership=Membership("RMIA", 4, 0.53, (0.49, 0.57), 0.02, 200),
    inversion=(Inversion(1, 14.2, 0.31, 8), Inversion(8, 9.0, 0.05, 8)),
    finished="2026-11-29T14:00:00+00:00",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run-007").mkdir()
    return tmp_path / "run-007"


@pytest.mark.parametrize("audit", [WHOLE, PrivacyAudit(run="run-007", canaries=Canaries(10, 5, 5, 0.0, 0.95, "loss"))])
def test_an_audit_is_read_as_it_was_written(folder: Path, audit: PrivacyAudit) -> None:
    write_audit(folder, audit)
    assert read_audit(folder) == (audit, ())


def test_an_attack_that_was_not_run_is_null_in_the_file(folder: Path) -> None:
    write_audit(folder, PrivacyAudit(run="run-007"))
    body = json.loads((folder / "privacy_audit.json").read_text())
    assert (body["canaries"], body["membership"], body["inversion"]) == (None, None, None)


def test_a_run_without_an_audit_has_none_and_no_problem(folder: Path) -> None:
    assert read_audit(folder) == (None, ())


@pytest.mark.parametrize("content", ["", "{", "[1]", "7", "null", "\x00"])
def test_a_damaged_audit_is_left_out_with_a_sentence(folder: Path, content: str) -> None:
    (folder / "privacy_audit.json").write_text(content)
    found, problems = read_audit(folder)
    assert found is None
    assert len(problems) == 1


def test_what_does_not_fit_is_left_out_and_the_rest_is_read(folder: Path) -> None:
    body = {
        "run": "run-007",
        "claimed_epsilon": -1,
        "canaries": {"canaries": 10, "guesses": "many", "epsilon_lower_bound": 1.5},
        "membership": {"auroc": 1.7, "auroc_interval": [0.4], "method": "LiRA"},
        "inversion": [{"batch": 1, "ssim": 9}, "none"],
    }
    (folder / "privacy_audit.json").write_text(json.dumps(body))
    found, problems = read_audit(folder)
    assert found == PrivacyAudit(
        run="run-007",
        canaries=Canaries(canaries=10, epsilon_lower_bound=1.5),
        membership=Membership(method="LiRA"),
        inversion=(Inversion(batch=1),),
    )
    assert "claimed_epsilon is no epsilon and was left out" in " ".join(problem.sentence for problem in problems)


def test_the_audit_of_another_run_is_not_taken_for_this_ones(folder: Path) -> None:
    write_audit(folder, PrivacyAudit(run="run-006"))
    found, problems = read_audit(folder)
    assert found is None
    assert problems[0].sentence == "privacy_audit.json is that of run-006; it was left out."


def test_a_figure_that_json_cannot_hold_is_refused_and_nothing_is_written(folder: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_audit(folder, PrivacyAudit(run="run-007", inversion=(Inversion(1, float("inf"), 1.0, 1),)))
    assert not (folder / "privacy_audit.json").exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        write_audit(tmp_path / "gone", PrivacyAudit())
