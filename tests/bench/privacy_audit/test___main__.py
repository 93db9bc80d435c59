"""The command line, on a real run of small networks."""

import json

import pytest

from bench.privacy_audit.__main__ import main

_MEMORISES = (
    "rounds=8",
    "data.image_size=32",
    "data.max_per_class=4",
    "train.local_epochs=5",
    "train.batch_size=16",
    "train.lr=1e-2",
    "train.softmax=plain",
)


@pytest.fixture
def run(simulate, tmp_path):
    assert simulate(f"output_dir={tmp_path}", *_MEMORISES).code == 0
    return tmp_path / "artifacts" / "run-001"


@pytest.mark.slow
def test_a_run_without_privacy_is_shown_to_give_much_away(run, tmp_path, capsys):
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    assert (
        main(["run-001", "--output-dir", str(tmp_path), "--canaries", "120", "--without", "membership,inversion"]) == 0
    )
    found = json.loads((run / "privacy_audit.json").read_text())
    out = capsys.readouterr().out
    assert found["run"] == "run-001"
    assert found["claimed_epsilon"] is None
    assert found["canaries"]["canaries"] == 120
    assert 1.0 < found["canaries"]["epsilon_lower_bound"] <= found["canaries"]["epsilon_most"]
    assert "claimed: nothing, as the run has no differential privacy; shown by this attack: at least" in out
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["run-009"], "RUN001: There is no run 'run-009'"),
        (["run-009", "--canaries", "5"], "AUDIT002: --canaries 5 cannot be; it takes 20 to 100,000."),
        (["run-009", "--without", "nothing"], "AUDIT003: There is no part 'nothing'; --without takes canaries,"),
        (["run-009", "--without", "canaries,membership,inversion"], "AUDIT003: Nothing is left to do"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, capsys, flags, says):
    assert main([*flags, "--output-dir", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
