"""``python -m server.dossier`` as a person starts it."""

import json
import shutil

import pytest

from server import evaluate
from server.dossier import main
from tests.support.run_files import write_run


@pytest.fixture
def output(tmp_path):
    write_run(tmp_path)
    return tmp_path


def test_a_dossier_is_written_and_verifies(output, capsys):
    assert main(["run-001", "--output-dir", str(output)]) == 0
    said = capsys.readouterr().out
    folder = output / "artifacts/dossier-run-001"
    assert "CLAIM 2024: Files can answer" in said
    assert "TRIPOD+AI: Files can answer" in said
    assert f"--verify {folder}" in said
    main(["--verify", str(folder)])
    assert "was changed" not in capsys.readouterr().out


def test_a_changed_figure_is_exit_code_one(output, capsys):
    out = output / "elsewhere" / "dossier"
    assert main(["run-001", "--output-dir", str(output), "--out", str(out)]) == 0
    path = out / "figures/hospitals.csv"
    path.write_text(path.read_text().replace("0.9", "0.99", 1))
    capsys.readouterr()
    assert main(["--verify", str(out)]) == 1
    assert "figures/hospitals.csv was changed" in capsys.readouterr().out


def test_an_evaluation_elsewhere_goes_into_the_dossier(simulate, phantoms, tmp_path, capsys):
    places = [f"output_dir={tmp_path}", f"data.root={phantoms}", f"data.cache_dir={tmp_path / 'cache'}"]
    engine = ["compute.engine=inprocess", "compute.threads=1"]
    done = simulate(f"output_dir={tmp_path}", "hospitals=[phantom_jaipur,phantom_hyderabad]", "rounds=1")
    assert done.code == 0, done.err
    assert evaluate.main(["run-001", *places, *engine, "hospitals=[phantom_kolkata]"]) == 0
    out = tmp_path / "dossier"
    assert main(["run-001", "--output-dir", str(tmp_path), "--out", str(out)]) == 0
    assert "CLAIM 2024: Files can answer 28 of 44 items, and this run's answer 28;" in capsys.readouterr().out
    meta = json.loads((tmp_path / "artifacts/evaluation-001/evaluation_meta.json").read_text())
    said = f"evaluation-001 at Phantom Kolkata: accuracy {100 * meta['elsewhere']['test_accuracy']:.1f} %"
    assert said in (out / "claim.csv").read_text()
    assert "this run&#x27;s weights" in (out / "index.html").read_text()
    assert (out / "figures/evaluations.svg").is_file()
    assert main(["--verify", str(out)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "DOSSIER003"),
        (["run-001", "--verify", "x"], "DOSSIER003"),
        (["run-099"], "RUN001"),
        (["../run-001"], "RUN001"),
        (["--verify", "nowhere"], "DOSSIER002"),
    ],
)
def test_a_mistake_is_one_sentence(output, capsys, arguments, code):
    assert main([*arguments, "--output-dir", str(output)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error {code}: ")
    assert err.count("\n") == 1
    assert not list(output.glob("artifacts/*dossier*"))


def test_a_dossier_is_never_written_over(output, capsys):
    shutil.copytree(output / "artifacts/run-001", output / "artifacts/dossier-run-001")
    assert main(["run-001", "--output-dir", str(output)]) == 2
    assert "DOSSIER001" in capsys.readouterr().err
