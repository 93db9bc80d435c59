"""What stands for a study in a comparison: the runs that it made itself."""

from __future__ import annotations

from common.artifacts.layout import StudyFolder
from common.artifacts.study import write_study
from common.study.records import COMPLETED, Cell, CellResult, Study
from server.comparison.subjects import Place, read_subject


def test_a_run_on_the_own_split_that_a_study_of_folds_shows_beside_is_none_of_its_runs(tmp_path):
    folds = [CellResult(Cell("fedavg", 42, fold=fold), COMPLETED, f"run-00{fold}") for fold in (1, 2, 3)]
    beside = CellResult(Cell("fedavg", 42), COMPLETED, "run-004")
    folder = StudyFolder(tmp_path, "study-001")
    folder.path.mkdir(parents=True)
    study = Study("study-001", strategies=("fedavg",), seeds=(42,), folds=3, cells=(*folds, beside))
    write_study(folder, study, {})
    assert read_subject("study-001", tmp_path).runs == {Place(42, fold): f"run-00{fold}" for fold in (1, 2, 3)}
