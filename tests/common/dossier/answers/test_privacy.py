"""What a dossier says of privacy: the promise, how gradients were treated, what attacks proved."""

from pathlib import Path

from common.artifacts.privacy.guarantee import RunPrivacy
from common.dossier.answers import data, method, results
from common.dossier.evidence import read_evidence
from tests.support.run_files import attacked, private, write_run


def test_the_promise_stands_with_what_left_the_hospitals_and_the_noise_with_training(tmp_path: Path):
    write_run(tmp_path, privacy=private(), audit=attacked())
    evidence = read_evidence(tmp_path, "run-001")
    assert "epsilon at most 7.9 of 8 at every hospital" in data.sharing(evidence).text
    assert "DP-SGD: 20 steps a round, each of about 12 patients" in method.training(evidence).text
    assert "Passes" not in method.training(evidence).text
    assert "at least 1.42 with 95 % confidence; the run claims at most 7.9" in results.limitations(evidence).text
    assert "artifacts/run-001/privacy_audit.json" in evidence.sha256


def test_a_run_without_noise_has_it_among_its_limits(tmp_path: Path):
    write_run(tmp_path, privacy=RunPrivacy("none"))
    evidence = read_evidence(tmp_path, "run-001")
    assert "may give away whether a patient was in it" in results.limitations(evidence).text
    assert "DP-SGD" not in method.training(evidence).text


def test_a_run_of_before_says_nothing_of_it(tmp_path: Path):
    write_run(tmp_path)
    assert "rivacy" not in data.sharing(read_evidence(tmp_path, "run-001")).text
