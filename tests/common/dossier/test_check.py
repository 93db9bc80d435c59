"""What was changed in a dossier is named, whether or not the hashes were brought up to date."""

import json
import shutil

import pytest

from common.dossier.build import SUMS, files_in, write_dossier
from common.dossier.check import differences
from common.errors import InputError
from tests.support.dossiers import edit, forge
from tests.support.run_files import write_run

RUN = "recorded/artifacts/run-001"


def names(folder):
    return [name for name, _ in files_in(folder)]


def test_a_dossier_as_it_was_written_has_no_difference(written):
    assert list(differences(written)) == []


def test_a_changed_byte_of_any_file_is_named(dossier):
    every = [name for name in names(dossier) if name != SUMS]
    for name in every:
        content = (dossier / name).read_bytes()
        (dossier / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    assert list(differences(dossier))[: len(every)] == [f"{n} was changed: {SUMS} has another hash." for n in every]


def test_missing_and_added_files_are_named(dossier):
    (dossier / "figures/rounds.csv").unlink()
    (dossier / "figures/better.svg").write_text("<svg/>")
    found = list(differences(dossier))
    assert "figures/rounds.csv is missing." in found
    assert f"figures/better.svg is not in {SUMS}." in found


@pytest.mark.parametrize(
    "name", ["figures/classes.csv", "figures/confusion.svg", "claim.csv", "index.html", "README.md"]
)
def test_a_forged_figure_is_named_although_the_hashes_agree(dossier, name):
    path = dossier / name
    text = path.read_text()
    digit = max(text.rfind(str(each)) for each in range(10))
    path.write_text(text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :])
    forge(dossier)
    found = list(differences(dossier))
    assert len(found) == 1
    assert found[0].startswith(f"{name} is not what recorded gives: line ")


def test_a_missing_figure_is_named_although_the_hashes_agree(dossier):
    (dossier / "figures/confusion.svg").unlink()
    forge(dossier)
    assert list(differences(dossier)) == ["figures/confusion.svg is missing."]


def set_accuracy(meta):
    meta["metrics"]["test_accuracy"] = 0.99


def set_recall(meta):
    meta["metrics"]["per_class"]["glioma"]["recall"] = 0.99


def set_interval(meta):
    meta["metrics"]["intervals"]["test_accuracy"] = [0.97, 0.99]


def set_hospital(meta):
    next(iter(meta["metrics"]["per_hospital"].values()))["test_accuracy"] = 0.99


def set_matrix(meta):
    meta["metrics"]["confusion_matrix"][0][0] += 5


def set_ece(meta):
    meta["metrics"]["calibration"]["ece"] = 0.0001


def set_gap(meta):
    meta["metrics"]["fairness"]["gap"] = 0.0001


def set_best(meta):
    meta["metrics"]["best_val_accuracy"] = 0.99


def set_auroc(meta):
    meta["metrics"]["figures"]["per_class"]["glioma"]["auroc"] = 0.99


def set_macro_auroc(meta):
    meta["metrics"]["figures"]["macro_auroc"] = 0.99


def set_net_benefit(meta):
    meta["metrics"]["figures"]["net_benefit"]["glioma"][3]["model"] = 0.99


def set_patients(meta):
    meta["metrics"]["figures"]["per_patient"]["test_accuracy"] = 0.99


def set_scores(meta):
    meta["metrics"]["score_counts"]["glioma"]["own"].append([1000, 7])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (set_accuracy, "metrics.test_accuracy is recorded as 0.99"),
        (set_recall, "metrics.per_class.glioma.recall is recorded as 0.99"),
        (set_interval, "metrics.intervals.test_accuracy is recorded as 0.97–0.99"),
        (set_hospital, ".test_accuracy is recorded as 0.99"),
        (set_matrix, "metrics.confusion_matrix is recorded as"),
        (set_ece, "metrics.calibration.ece is recorded as 0.0001"),
        (set_gap, "metrics.fairness.gap is recorded as 0.0001"),
        (set_auroc, "metrics.figures.glioma.auroc is recorded as 0.99"),
        (set_macro_auroc, "metrics.figures.macro_auroc is recorded as 0.99"),
        (set_net_benefit, "metrics.figures.glioma.net_benefit at 0.1, model is recorded as 0.99"),
        (set_patients, "metrics.figures.per_patient.test_accuracy is recorded as 0.99"),
        (set_scores, "metrics.figures.glioma.positives is recorded as"),
        (set_best, "metrics.best_val_accuracy is recorded as 0.99"),
    ],
)
def test_a_recorded_figure_that_its_counts_do_not_give_is_named(output, tmp_path, change, says):
    """Even where the whole dossier was written from the changed file."""
    root = tmp_path / "out"
    copy_run(output, root)
    edit(root / "artifacts/run-001/model_meta.json", change)
    write_dossier(root, "run-001", tmp_path / "dossier")
    found = [each for each in differences(tmp_path / "dossier") if each.startswith("recorded: model_meta.json: ")]
    assert any(says in each for each in found)


def test_a_round_that_its_counts_do_not_give_is_named(output, tmp_path):
    root = tmp_path / "out"
    copy_run(output, root)

    def better(history):
        history[1]["val_accuracy"] = 0.99
        history[0]["train_loss"] = 0.0

    edit(root / "artifacts/run-001/training_history.json", better)
    write_dossier(root, "run-001", tmp_path / "dossier")
    found = list(differences(tmp_path / "dossier"))
    assert any("round 2, val_accuracy is recorded as 0.99" in each for each in found)
    assert any("round 1, train_loss is recorded as 0" in each for each in found)


def test_a_run_that_was_changed_throughout_contradicts_its_ledger(output, tmp_path):
    root = tmp_path / "out"
    copy_run(output, root)
    edit(root / "artifacts/run-001/model_meta.json", lambda meta: meta.update(seed=43))
    edit(root / "artifacts/run-001/dataset_stats.json", lambda stats: stats.popitem())
    edit(root / "artifacts/run-001/status.json", lambda status: status["packages"].update(torch="9.9"))
    write_dossier(root, "run-001", tmp_path / "dossier")
    found = list(differences(tmp_path / "dossier"))
    assert "recorded: model_meta.json is not the one that the ledger says." in found
    assert "recorded: dataset_stats.json is not the one that the ledger says." in found
    assert "recorded: status.json is not the one that the ledger says." in found


def test_an_evaluation_that_its_counts_do_not_give_is_named(output, tmp_path):
    root = tmp_path / "out"
    copy_run(output, root)
    meta = json.loads((root / "artifacts/run-001/model_meta.json").read_text())
    folder = root / "artifacts/evaluation-001"
    folder.mkdir()
    body = {"of": "run-001", "metrics": {**meta["metrics"], "test_accuracy": 0.99}}
    (folder / "evaluation_meta.json").write_text(json.dumps(body))
    write_dossier(root, "run-001", tmp_path / "dossier")
    found = list(differences(tmp_path / "dossier"))
    assert len(found) == 1
    assert "evaluation-001/evaluation_meta.json: metrics.test_accuracy is recorded as 0.99" in found[0]


def test_the_recorded_environment_cannot_be_changed_unnoticed(dossier):
    edit(dossier / "environment.json", lambda body: body["packages"].update(torch="9.9"))
    forge(dossier)
    assert next(differences(dossier)).startswith("environment.json is not what recorded gives")


def test_a_dossier_of_another_version_says_so(dossier):
    edit(dossier / "environment.json", lambda body: body.update(written_by_version="0.1"))
    forge(dossier)
    assert "Version 0.1 wrote it, and this is another one." in next(differences(dossier))


@pytest.mark.parametrize("state", ["failed", "interrupted", "running"])
def test_an_unfinished_runs_dossier_can_be_checked(tmp_path, state):
    write_run(tmp_path, state=state, done=0, rounds=4)
    write_dossier(tmp_path, "run-001", tmp_path / "dossier")
    assert list(differences(tmp_path / "dossier")) == []


@pytest.mark.parametrize("content", [None, b"", b"nonsense\n", b"\xff"])
def test_what_is_no_dossier_is_refused(dossier, content):
    path = dossier / SUMS
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="is no dossier") as error:
        list(differences(dossier))
    assert error.value.code == "DOSSIER002"


def copy_run(output, root):
    shutil.copytree(output / "artifacts/run-001", root / "artifacts/run-001")
