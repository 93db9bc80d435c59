"""What a hospital keeps of its test cases, and that nothing of it travels."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace

import numpy as np
import pytest
import torch

from clients import handlers
from clients.cases import keep
from clients.cases.table import FILE, read_table
from clients.policy.limits import Policy
from clients.policy.room import make_room_for_run
from clients.prepared import prepared_hospital
from common.labels import CLASSES
from common.model.grad_cam import grad_cam, trunk
from common.model.registry import initial_weights
from common.model.state import arrays_from_state, model_from_arrays
from common.protocol.messages import LocalStateRef, evaluation_record
from common.training.preprocess import normalise, to_batch
from tests.support.sites import PLAN, evaluate_at, sites_of, task_of
from tests.support.uploads import dicom

TOKEN = "ab" * 16


@pytest.fixture
def arrays():
    return arrays_from_state(initial_weights("resnet18", 1))


@pytest.fixture
def site(phantoms, tmp_path):
    return replace(sites_of(phantoms, tmp_path / "cache")[0], keep_cases=True)


def path_of(site, token=TOKEN):
    return site.cache_dir / "runs" / token / site.hospital.key / FILE


def put_to_test(site, arrays, **changes):
    return evaluate_at(site, PLAN, "test", 2, arrays, LocalStateRef(TOKEN), **changes)


def test_the_table_is_what_the_evaluation_counted(site, arrays):
    result = put_to_test(site, arrays, temperature=2.0)
    table = read_table(path_of(site))
    assert (table.hospital, table.round, table.image_size, table.synthetic) == (site.hospital.name, 2, 32, True)
    counted = np.zeros((4, 4), np.int64)
    for case in table.cases:
        counted[CLASSES.index(case.true), CLASSES.index(case.predicted)] += 1
        assert (site.folder / case.file).is_file()
        assert case.file.startswith(tuple(site.hospital.class_map) or CLASSES)
    np.testing.assert_array_equal(counted, result.confusion)
    wrong = [case.wrong for case in table.cases]
    assert wrong == sorted(wrong, reverse=True)
    sure = [case.confidence for case in table.cases if case.wrong]
    assert sure == sorted(sure, reverse=True)


def test_probabilities_and_heat_are_the_models_own(site, arrays):
    put_to_test(site, arrays, temperature=2.0)
    case = read_table(path_of(site)).cases[0]
    prepared = prepared_hospital(site, PLAN)
    index = [file.relative_path for file in prepared.scan.files].index(case.file)
    model = model_from_arrays("resnet18", arrays, torch.device("cpu")).eval()
    batch = normalise(to_batch(prepared.library.pixels[[index]]))
    with torch.no_grad():
        expected = (model(batch)[0] / 2.0).softmax(0).tolist()
    assert case.probabilities == pytest.approx(expected, abs=1e-5)
    heat = grad_cam(model, trunk(model, batch), CLASSES.index(case.predicted))
    np.testing.assert_allclose(case.heat, heat, atol=1e-3)


def test_a_slice_of_a_file_of_several_is_named_with_its_number(site, arrays, tmp_path):
    pytest.importorskip("pydicom")
    shutil.copytree(site.folder, tmp_path / "mri" / site.hospital.path)
    site = replace(site, data_root=tmp_path / "mri")
    levels = np.random.default_rng(0).integers(0, 900, (4, 48, 48)).astype(np.uint16)
    (site.folder / "glioma" / "several.dcm").write_bytes(dicom(levels, NumberOfFrames=4))
    prepared = prepared_hospital(site, PLAN)
    own = np.array([i for i, file in enumerate(prepared.scan.files) if file.frames == 4])
    model = model_from_arrays("resnet18", arrays, torch.device("cpu")).eval()
    task = task_of(PLAN, 2, arrays, LocalStateRef(TOKEN), split="test")
    keep.keep_cases(site, task, prepared, own, model, torch.zeros(4, 4))
    cases = read_table(path_of(site)).cases
    assert sorted(case.frame for case in cases) == [0, 1, 2, 3]
    assert {(case.file, case.true) for case in cases} == {("glioma/several.dcm", "glioma")}


def test_only_the_worst_have_heat(site, arrays, monkeypatch):
    monkeypatch.setattr(keep, "HEATED", 3)
    put_to_test(site, arrays)
    assert [case.heat is not None for case in read_table(path_of(site)).cases][:5] == [True] * 3 + [False] * 2


def test_nothing_of_it_travels(site, arrays):
    """The answer is, to the byte, that of a hospital that keeps nothing, and no file's name is in it."""
    said, silent = (
        evaluation_record(replace(put_to_test(each, arrays), seconds=0.0))
        for each in (site, replace(site, keep_cases=False))
    )
    assert said.keys() == silent.keys()
    assert repr(said) == repr(silent)
    for case in read_table(path_of(site)).cases:
        assert case.file.rpartition("/")[2] not in repr(said)


@pytest.mark.parametrize(
    ("changes", "split", "token"),
    [({"keep_cases": False}, "test", TOKEN), ({}, "val", TOKEN), ({}, "test", "")],
)
def test_nothing_is_kept_unless_the_hospital_asks_for_a_runs_test(site, arrays, changes, split, token):
    evaluate_at(replace(site, **changes), PLAN, split, 2, arrays, LocalStateRef(token))
    assert not list(site.cache_dir.rglob(FILE))


def test_its_owner_alone_can_read_it(site, arrays):
    put_to_test(site, arrays)
    assert stat.S_IMODE(path_of(site).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_of(site).parent.stat().st_mode) == 0o700


def test_it_goes_with_the_runs_other_files(site, arrays):
    put_to_test(site, arrays)
    make_room_for_run(site, Policy(runs_kept=1), PLAN, "cd" * 16)
    assert not path_of(site).exists()


def test_where_it_cannot_be_written_the_test_goes_on_and_the_log_says_so(site, arrays, caplog):
    (site.cache_dir / "runs").mkdir(parents=True)
    (site.cache_dir / "runs" / TOKEN).write_text("a file where a folder should be")
    assert put_to_test(site, arrays).samples
    assert "test cases are not kept" in caplog.text


def test_a_full_quota_keeps_none(site, arrays, caplog):
    full = replace(site, policy=Policy(min_train_slices=2, runs_gigabytes=1e-7))
    handlers.describe(full, PLAN)
    assert put_to_test(full, arrays).samples
    assert "policy.runs_gigabytes" in caplog.text
    assert not path_of(site).exists()
