"""What of the two checklists a run's files answer, and what is left to a person."""

import json
import shutil
from pathlib import Path

import pytest

from common.dossier.checklists.claim import CLAIM
from common.dossier.checklists.tripod import TRIPOD
from common.dossier.evidence import read_evidence
from common.dossier.items import Who, answer_all, tally
from tests.support.dossiers import edit, with_subgroups
from tests.support.run_files import write_run, write_version_one


def by_number(checklist, evidence):
    return {row.item.number: row for row in answer_all(checklist, evidence)}


def test_the_checklists_have_all_their_items_once():
    assert [item.number for item in CLAIM.items] == [str(number) for number in range(1, 45)]
    numbers = [item.number for item in TRIPOD.items]
    assert len(numbers) == len(set(numbers)) == 52
    assert {int(number.rstrip("abcdefg")) for number in numbers} == set(range(1, 28))


@pytest.mark.parametrize("checklist", [CLAIM, TRIPOD], ids=lambda checklist: checklist.key)
def test_at_least_four_fifths_of_what_files_can_answer_are_answered(checklist, evidence):
    counts = tally(answer_all(checklist, evidence))
    assert counts.answered >= 0.8 * counts.answerable
    assert counts.answerable >= 25, "a test that counts few items says little"


@pytest.mark.parametrize("checklist", [CLAIM, TRIPOD], ids=lambda checklist: checklist.key)
def test_each_answer_names_a_file_with_its_hash(checklist, evidence):
    for row in answer_all(checklist, evidence):
        if row.answer:
            assert row.files, row.item.number
            assert all(len(digest) == 64 for _, digest in row.files)


@pytest.mark.parametrize("checklist", [CLAIM, TRIPOD], ids=lambda checklist: checklist.key)
def test_an_item_without_files_says_what_a_person_must_write(checklist):
    for item in checklist.items:
        assert item.answer or item.person, item.number


def test_no_file_answers_reference_standard_ethics_dates_or_funding():
    people = {(c.key, item.number) for c in (CLAIM, TRIPOD) for item in c.items if item.who is Who.PERSON}
    claim = {("claim", str(number)) for number in (2, 5, 11, 14, 15, 16, 17, 18, 34, 44)}
    assert claim | {("tripod", number) for number in ("5b", "8b", "8c", "17", "18a", "18b", "18d", "19")} <= people


def test_the_page_of_documentation_counts_as_the_tables_do():
    page = " ".join((Path(__file__).parents[3] / "docs/dossier.md").read_text().split())
    files, alone = ([sum(want(i) for i in c.items) for c in (CLAIM, TRIPOD)] for want in (answerable, files_alone))
    assert f"files can say something about {files[0]}, and {alone[0]} of those need no more" in page
    assert f"about {files[1]}, and {alone[1]} of those need no more" in page


def answerable(item):
    return item.who is not Who.PERSON


def files_alone(item):
    return item.who is Who.FILES


def test_answers_are_the_runs_own_numbers(evidence):
    rows, meta = by_number(CLAIM, evidence), evidence.meta
    assert f"{100 * meta['metrics']['test_accuracy']:.1f} %" in rows["37"].answer.text
    assert meta["sha256"] in rows["43"].answer.text
    assert f"{meta['test_samples']} test" in rows["19"].answer.text
    assert "scikit-learn" in rows["23"].answer.text
    assert rows["7"].answer.text.startswith("SYNTHETIC")


def test_an_evaluation_elsewhere_answers_the_item_on_external_data(output, tmp_path):
    assert by_number(CLAIM, read_evidence(output, "run-001"))["33"].answer is None
    shutil.copytree(output / "artifacts", tmp_path / "artifacts")
    meta = json.loads((output / "artifacts/run-001/model_meta.json").read_text())
    folder = tmp_path / "artifacts/evaluation-001"
    folder.mkdir()
    body = {"of": "run-001", "hospitals": [{"name": "Far", "trained": False}], "metrics": meta["metrics"]}
    (folder / "evaluation_meta.json").write_text(json.dumps(body))
    (tmp_path / "artifacts/evaluation-002").mkdir()
    (tmp_path / "artifacts/evaluation-002/evaluation_meta.json").write_text(json.dumps({**body, "of": "run-002"}))
    found = read_evidence(tmp_path, "run-001")
    assert [each.name for each in found.evaluations] == ["evaluation-001"]
    row = by_number(CLAIM, found)["33"]
    assert "evaluation-001 at Far: accuracy" in row.answer.text
    assert row.files[0][0] == "artifacts/evaluation-001/evaluation_meta.json"


def test_figures_from_scores_patients_and_subgroups_are_said(output, tmp_path):
    shutil.copytree(output / "artifacts", tmp_path / "artifacts")
    edit(tmp_path / "artifacts/run-001/model_meta.json", with_subgroups)
    evidence = read_evidence(tmp_path, "run-001")
    rows, figures = by_number(CLAIM, evidence), evidence.figures
    assert f"AUROC {figures['per_class']['glioma']['auroc']:.3f} (" in rows["38"].answer.text
    assert f"of {figures['per_patient']['patients']} patients (known from: guessed)" in rows["37"].answer.text
    assert "sex F: accuracy 80.0 % (60.0–90.0) of 40 slices." in rows["30"].answer.text
    assert "2 cells had too few patients" in rows["30"].answer.text
    assert "Patients are guessed" in rows["20"].answer.text
    patients = [each.patients for each in evidence.hospitals]
    assert f"Patients: {sum(each.train for each in patients)} train" in rows["35"].answer.text


def test_a_run_before_there_were_such_figures_is_answered_without_them(output, tmp_path):
    shutil.copytree(output / "artifacts", tmp_path / "artifacts")

    def older(meta):
        del meta["metrics"]["figures"], meta["metrics"]["score_counts"]

    edit(tmp_path / "artifacts/run-001/model_meta.json", older)
    rows = by_number(CLAIM, read_evidence(tmp_path, "run-001"))
    assert "AUROC" not in "".join(row.answer.text for row in rows.values() if row.answer)
    assert tally(list(rows.values())).answered >= 0.8 * tally(list(rows.values())).answerable


@pytest.mark.parametrize("state", ["failed", "interrupted", "running"])
def test_an_unfinished_run_is_answered_as_far_as_it_went(tmp_path, state):
    write_run(tmp_path, state=state, done=2, rounds=4, reason="the disk is full")
    evidence = read_evidence(tmp_path, "run-001")
    rows = by_number(CLAIM, evidence)
    assert rows["37"].answer is None
    assert "2 rounds" in rows["25"].answer.text


def test_version_ones_run_is_answered_from_the_figures_in_service(tmp_path):
    write_version_one(tmp_path)
    rows = by_number(CLAIM, read_evidence(tmp_path, "run-001"))
    assert rows["37"].answer
    assert rows["37"].files[0][0] == "models/model_meta.json"
    assert rows["42"].answer is None
