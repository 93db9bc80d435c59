from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.artifacts.privacy.guarantee import RunPrivacy
from tests.support.pages import open_page, said, tables
from tests.support.run_files import attacked, private, write_run, write_version_one


@pytest.fixture(autouse=True)
def output_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FL_OUTPUT_DIR", str(tmp_path))
    return tmp_path


def shown(**query: str) -> str:
    app = open_page("privacy", **query)
    assert not app.exception
    return said(app).replace("\\", "")


def test_a_run_with_differential_privacy_says_what_was_spent_what_is_left_and_what_it_means(output_dir: Path) -> None:
    write_run(output_dir, privacy=private())
    text = shown()
    assert "Differential privacy per patient: epsilon at most 7.9 of 8 at every hospital (delta 1e-5)." in text
    assert "can be right about it at most 99.97 % of the time" in text
    table = tables(open_page("privacy"))[0].set_index("Hospital")
    assert table.loc["Phantom Jaipur", "Spent"] == "7.4"
    assert table.loc["Phantom Jaipur", "Left"] == "0.6"
    assert "With one hospital" not in table


def test_shared_noise_is_told_against_the_centre_with_one_hospital_and_with_all_but_one(output_dir: Path) -> None:
    write_run(output_dir, privacy=private("dp_sgd_secagg"))
    assert "10.1 against the centre with one hospital, 15.8 with all but one" in shown()
    row = tables(open_page("privacy"))[0].iloc[0]
    assert (row["Spent"], row["With one hospital"], row["With all but one"]) == ("7.9", "10.1", "15.8")


def test_a_hospital_whose_budget_was_used_up_is_named(output_dir: Path) -> None:
    write_run(output_dir, privacy=private(stopped=2))
    assert "Phantom Kolkata stopped after 2 rounds of 4: its budget reached no further" in shown()


def test_the_attack_stands_beside_the_claim(output_dir: Path) -> None:
    write_run(output_dir, privacy=private(), audit=attacked())
    app = open_page("privacy")
    assert len(app.get("plotly_chart")) == 2
    found = next(each for each in tables(app) if "Attack" in each).set_index("Attack")
    assert found.loc["Canaries", "What it found"] == "epsilon at least 1.42, 44 of 60 guesses right"
    assert found.loc["Membership", "What it found"] == (
        "AUROC 0.534 (0.492–0.575), by patient AUROC 0.550 (0.400–0.700), 2.1 % found at 1 % false alarms"
    )
    assert "Canaries prove that epsilon is at least 1.42 with 95 % confidence; the run claims at most 7.9." in shown()


def test_a_claim_that_an_attack_refutes_is_called_wrong(output_dir: Path) -> None:
    write_run(output_dir, privacy=private(), audit=attacked(bound=9.25))
    assert "**Refuted.**" in shown()
    assert "at least 9.25 with 95 % confidence, above the 7.9 that the run claims: the claim is wrong." in shown()


@pytest.mark.parametrize("name", ["none", "secagg"])
def test_a_run_without_differential_privacy_says_so_even_where_updates_were_masked(output_dir: Path, name: str) -> None:
    write_run(output_dir, privacy=RunPrivacy(name))
    text = shown()
    assert "No differential privacy: this run's model may give away whether a patient was in it." in text
    assert ("Secure aggregation hid each hospital's update" in text) is (name == "secagg")


@pytest.mark.parametrize("write", [write_run, write_version_one])
def test_a_run_of_before_is_not_recorded(output_dir: Path, write: object) -> None:
    write(output_dir)  # type: ignore[operator]
    assert "**Not recorded.** Whether differential privacy protected this run's patients is not recorded." in shown()


def test_a_run_under_way_says_what_is_spent_so_far(output_dir: Path) -> None:
    write_run(output_dir, state="running", done=1, rounds=4, privacy=private(), updated_at=datetime.now(UTC))
    assert "per group of related slices: epsilon at most 3.95 of 8 so far at every hospital" in shown()


def test_a_huge_epsilon_is_called_a_weak_bound_that_stops_reconstruction_alone(output_dir: Path) -> None:
    write_run(output_dir, privacy=private(epsilon=1000.0))
    assert "**Weak bound.**" in shown()
    assert "It stops reconstruction, not membership" in shown()
    assert "10.1038/s42256-024-00858-y" in shown()


def test_a_damaged_audit_is_left_out_with_a_sentence(output_dir: Path) -> None:
    folder = write_run(output_dir, privacy=private())
    (folder / "privacy_audit.json").write_text("{")
    assert "privacy_audit.json is not valid JSON" in shown()


def test_what_the_centre_could_see_and_what_left_are_a_tab_away_and_in_the_address(output_dir: Path) -> None:
    write_run(output_dir, privacy=private())
    app = open_page("privacy", section="What the centre could see")
    assert not app.exception
    found = next(each for each in tables(app) if "What the centre could see" in each)
    assert "with that hospital's noise" in " ".join(found["What the centre could see"])
    left = tables(open_page("privacy", section="What left each hospital"))[-1].set_index("Hospital")
    assert left.loc["Phantom Jaipur", "Sent"] == "179.2 MB"


def test_training_says_why_it_has_no_loss_on_training_slices(output_dir: Path) -> None:
    write_run(output_dir, privacy=private())
    app = open_page("training")
    app.session_state["inside_rounds"] = "Table"
    app.run()
    assert "Loss and accuracy on training slices are not reported" in said(app)
    assert set(app.dataframe[0].value["Train loss"]) == {"–"}


def test_a_hospital_that_stopped_is_named_while_the_run_goes_on(output_dir: Path) -> None:
    found = private(stopped=1)
    write_run(output_dir, state="running", done=2, rounds=4, privacy=found, updated_at=datetime.now(UTC))
    assert "Phantom Kolkata stopped after 1 round of 4: its budget reached no further" in shown()
    assert "2 of 2 hospitals · 1 hospital without privacy budget left" in said(open_page("training"))
