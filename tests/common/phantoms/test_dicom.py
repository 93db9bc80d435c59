"""Synthetic archives: read like a hospital's own, told apart by patient, and the same pixels for every reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from common.audit.report import AuditReport, audit
from common.config.settings import DataPlan
from common.data.decode import to_square
from common.data.dicom.facts import facts_of
from common.data.prepare import PreparedHospital, prepare
from common.phantoms.folders import make_phantoms
from common.phantoms.hospitals import HOSPITALS, draw_slice, plan_slices
from tests.common.phantoms.test_folders import CLASS_MAPS, contents
from tests.support.uploads import read_upload

SIZE, A_CLASS = 40, 8


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("archives") / "set"
    make_phantoms(out, image_size=SIZE, slices_per_class=A_CLASS, dicom=True)
    return out


@pytest.fixture(scope="module")
def hospitals(archives) -> list[PreparedHospital]:
    plan, cache = DataPlan(image_size=32), archives.parent / "cache"
    return [prepare(archives / h.folder, m, plan, 1, cache) for h, m in zip(HOSPITALS, CLASS_MAPS, strict=True)]


@pytest.fixture(scope="module")
def reports(hospitals) -> list[AuditReport]:
    return [audit(hospital.evidence) for hospital in hospitals]


def finding(report: AuditReport, code: str):
    return next((each for each in report.findings if each.code == code), None)


def test_every_slice_comes_back_as_it_was_drawn(archives, hospitals):
    for hospital, prepared in zip(HOSPITALS, hospitals, strict=True):
        kept = prepared.library.pixels[..., 0].astype(int)
        for one in list(plan_slices(hospital, A_CLASS, 0))[:: 3 if hospital.folder == "dataset-1" else 4]:
            drawn = to_square(draw_slice(hospital, one, SIZE, 0), 32)[..., 0].astype(int)
            if hospital.folder == "dataset-2":  # without a window in the header it is stretched
                likeness = [np.corrcoef(drawn.ravel(), each.ravel())[0, 1] for each in kept]
                assert max(likeness) > 0.999
            else:
                assert np.abs(kept - drawn).reshape(len(kept), -1).max(axis=1).min() <= 2


def test_training_and_predict_see_the_same_pixels(archives, hospitals):
    for prepared in hospitals:
        for index, file in list(enumerate(prepared.scan.files))[::5]:
            if index in prepared.library.unreadable or file.frame != file.frames // 2:
                continue
            uploaded = read_upload("IM1", (prepared.scan.folder / file.relative_path).read_bytes())
            assert (to_square(uploaded.image, 32) == prepared.library.pixels[index]).all()


def test_headers_tell_the_patient_and_two_visits_are_one_patient(archives):
    for hospital in HOSPITALS:
        files = [path for path in (archives / hospital.folder).rglob("IM*") if path.is_file()]
        facts = [facts_of(path) for path in files]
        patients = {path.parents[1].name: said.patient for path, said in zip(files, facts, strict=True)}
        assert list(patients) == list(patients.values())
        assert len({said.date for said in facts}) > len(patients)
        for said in facts:
            assert said.sex in ("F", "M")
            assert 0 < said.age < 100
            assert said.scanner.startswith("SYNTHETIC Drawn")
            assert said.field_strength in (1.5, 3.0)
    assert {"T1 contrast", "FLAIR", "T2"} == {
        facts_of(next((archives / hospital.folder).rglob("IM*"))).sequence for hospital in HOSPITALS
    }


def test_the_library_keeps_what_headers_say(archives, hospitals):
    for prepared, class_map in zip(hospitals, CLASS_MAPS, strict=True):
        again = prepare(prepared.scan.folder, class_map, DataPlan(image_size=32), 1, archives.parent / "cache")
        assert again.library.said == prepared.library.said
        for index, said in prepared.library.said.items():
            facts = facts_of(prepared.scan.folder / prepared.scan.files[index].relative_path)
            assert replace(said.facts, patient="") == replace(facts, patient="")
            assert facts.patient not in said.facts.patient


def test_slices_of_one_file_are_one_group_and_on_one_side(hospitals):
    evidence, split = hospitals[2].evidence, hospitals[2].split
    assert max(file.frames for file in evidence.scan.files) > 1
    side = {int(index): part for part, indices in split.parts().items() for index in indices}
    for number in np.unique(evidence.file_number):
        members = np.flatnonzero(evidence.file_number == number)
        assert len({int(group) for group in evidence.groups.group[members]}) == 1
        assert len({side[int(index)] for index in members if int(index) in side}) <= 1


def test_planted_faults_are_each_a_sentence_and_nothing_else_is_lost(archives, hospitals, reports):
    report, prepared = reports[0], hospitals[0]
    counts = {code: found.count for code in ("DATA021", "DATA022", "DATA023") if (found := finding(report, code))}
    assert counts == {"DATA021": 1, "DATA022": 1, "DATA023": 1}
    assert "CT: 1" in finding(report, "DATA021").sentence
    assert "KNEE: 1" in finding(report, "DATA022").sentence
    unreadable = finding(report, "DATA004")
    assert unreadable.count == 3
    for words in ("10,000 frames", "holds no image", "truncated"):
        assert words in unreadable.sentence
    assert prepared.evidence.usable.sum() == len(list(plan_slices(HOSPITALS[0], A_CLASS, 0))) + 1  # the one with text


def test_what_is_not_de_identified_is_counted(reports):
    first, second, third = (finding(report, "DATA024") for report in reports)
    assert first.severity == "warning"
    assert f"{first.count:,} hold a patient's name, {first.count:,} a date of birth" in first.sentence
    assert second is None
    assert third.severity == "info"
    assert f"0 hold a patient's name, 0 a date of birth and {third.count:,} private tags" in third.sentence
    assert "Synthetic^" not in str(first.numbers())


def test_the_archives_are_of_three_kinds(archives):
    kinds = []
    for hospital in HOSPITALS:
        path = next(path for path in sorted((archives / hospital.folder).rglob("IM*")) if path.is_file())
        header = dcmread(path, stop_before_pixels=True)
        kinds.append((path.suffix, header.PhotometricInterpretation, int(header.get("NumberOfFrames", 1)) > 1))
    assert kinds == [(".dcm", "MONOCHROME2", False), ("", "MONOCHROME1", False), (".dcm", "MONOCHROME2", True)]


def test_the_same_seed_writes_the_same_bytes(archives, tmp_path):
    make_phantoms(tmp_path / "set", image_size=SIZE, slices_per_class=A_CLASS, dicom=True)
    assert contents(tmp_path / "set") == contents(archives)


def test_a_patients_two_visits_stand_on_one_side_of_the_split(hospitals):
    for prepared in hospitals:
        patients, split = prepared.patients, prepared.split
        inside = np.concatenate(list(split.parts().values()))
        assert prepared.patient_source == "dicom"
        assert patients.count(inside) < len(inside)
        sides = [set(patients.number[part].tolist()) for part in split.parts().values()]
        assert not sides[0] & sides[1]
        assert not sides[0] & sides[2]
        assert not sides[1] & sides[2]


def test_every_second_slice_of_files_that_hold_several(archives, tmp_path):
    plan = DataPlan(image_size=32, slice_step=2)
    prepared = prepare(archives / "dataset-3", CLASS_MAPS[2], plan, 1, tmp_path)
    assert {file.frame % 2 for file in prepared.scan.files} == {0}
    assert len(prepared.scan.files) < len(list(plan_slices(HOSPITALS[2], A_CLASS, 0)))
    assert len(prepared.library) == len(prepared.scan.files)
