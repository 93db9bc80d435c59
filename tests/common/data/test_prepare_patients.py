"""Whole patients in a split, from real files of every kind."""

import csv
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.audit.report import audit
from common.config.settings import DataPlan
from common.data.identity.pseudonyms import FILE, Pseudonyms
from common.data.prepare import PreparedHospital, prepare
from tests.support.uploads import dicom

SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "data" / "brain-mri" / "dataset-2"


def picture(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    return Image.fromarray(coarse).resize((64, 64), Image.Resampling.BILINEAR)


def draw(folder: Path, name: str, seed: int) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(folder / name)


def prepared(folder: Path, seed: int = 1, pattern: str = "") -> PreparedHospital:
    return prepare(folder, {}, DataPlan(image_size=32), seed, folder.parent / "cache", patient_pattern=pattern)


def codes(found: PreparedHospital) -> dict[str, int]:
    return {finding.code: finding.count for finding in audit(found.evidence).findings}


def parts_of_patients(found: PreparedHospital) -> Counter[int]:
    """In how many parts of the split each patient stands."""
    return Counter(
        number for chosen in found.split.parts().values() for number in set(found.patients.number[chosen].tolist())
    )


def write_manifest(folder: Path, rows: dict[str, tuple[str, str]]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "patient"), *((name, *rest) for name, rest in rows.items())])


@pytest.fixture
def hospital(tmp_path) -> Path:
    """Forty patients with one to four slices each; every tenth has slices of two classes."""
    rows, seed = {}, 0
    for patient in range(40):
        for visit in range(1 + patient % 4):
            kind = "glioma" if (patient % 2 == 0) != (patient % 10 == 9 and visit == 1) else "meningioma"
            name = f"{kind}/{visit}-{patient:02}.png"
            draw(tmp_path / "hospital", name, seed := seed + 1)
            rows[name] = ("", f"ID-{patient}")
    write_manifest(tmp_path / "hospital", rows)
    return tmp_path / "hospital"


@pytest.mark.parametrize("seed", range(4))
def test_patients_of_a_manifest_are_whole_and_classes_are_in_all_parts(hospital, seed):
    found = prepared(hospital, seed)
    assert len(parts_of_patients(found)) == 40
    assert set(parts_of_patients(found).values()) == {1}
    assert sum(found.patient_counts.values()) == 40
    assert found.patient_source == "manifest"
    counts = found.split.counts(found.scan.labels)
    assert all(counts[part][label] >= 2 for part in counts for label in ("glioma", "meningioma"))
    assert codes(found) == {"DATA009": 2, "DATA037": 4}


def test_look_alikes_of_two_patients_stay_together_too(hospital):
    shutil.copy(hospital / "glioma/0-00.png", hospital / "glioma/0-02.png")
    for seed in range(4):
        found = prepared(hospital, seed)
        assert set(parts_of_patients(found).values()) == {1}
        index = {file.relative_path: n for n, file in enumerate(found.scan.files)}
        group = found.groups.group
        assert group[index["glioma/0-00.png"]] == group[index["glioma/0-02.png"]] == group[index["glioma/2-02.png"]]
        assert found.patients.number[index["glioma/0-00.png"]] != found.patients.number[index["glioma/0-02.png"]]


def test_a_pattern_on_names_does_the_same(hospital):
    (hospital / "manifest.csv").unlink()
    found = prepared(hospital, pattern=r"-(\d+)\.png")
    assert set(parts_of_patients(found).values()) == {1}
    assert (len(found.patients.ids), found.patient_source) == (40, "file name")


def test_without_either_the_split_is_that_of_the_pictures_alone(hospital):
    with_manifest = prepared(hospital)
    (hospital / "manifest.csv").unlink()
    found = prepared(hospital)
    assert found.patient_source == "guessed"
    assert found.patients.number.tolist() == found.groups.group.tolist()
    assert found.split.train.tolist() != with_manifest.split.train.tolist()
    assert codes(found) == {"DATA009": 2}


def test_a_label_against_the_folder_keeps_a_slice_out_and_an_unknown_patient_is_named(hospital):
    lines = (hospital / "manifest.csv").read_text().splitlines()
    (hospital / "manifest.csv").write_text(
        "\n".join([lines[0], lines[1].replace(",,", ",notumor,"), *lines[3:], "x,,1"])
    )
    found = prepared(hospital)
    assert codes(found) == {"DATA009": 2, "DATA035": 1, "DATA036": 1, "DATA037": 4, "DATA038": 1}
    (against,) = np.flatnonzero(found.evidence.against_manifest)
    assert all(against not in chosen for chosen in found.split.parts().values())


@pytest.fixture
def archive(tmp_path) -> Path:
    """Twelve patients with three DICOM files each; a manifest knows two of them under another spelling."""
    for number in range(36):
        path = tmp_path / "archive" / ("glioma" if number % 2 else "notumor") / f"IM{number:04}"
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = np.asarray(picture(number)).astype(np.uint16)
        path.write_bytes(dicom(levels, PatientID=f"SECRET {number % 12:02}", PatientSex="F"))
    write_manifest(tmp_path / "archive", {"notumor/IM0000": ("", "secret  00"), "glioma/IM0001": ("", "Secret 01")})
    return tmp_path / "archive"


def test_patients_of_dicom_headers_are_whole_and_their_ids_are_written_nowhere(archive):
    found = prepared(archive)
    assert set(parts_of_patients(found).values()) == {1}
    assert (sum(found.patient_counts.values()), found.patient_source) == (12, "dicom")
    assert Counter(found.patients.sources) == {"dicom": 34, "manifest": 2}
    assert {facts.sex for facts in found.patients.facts} == {"F"}
    kept = [path for path in (archive.parent / "cache").rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert not [path for path in kept if re.search(rb"secret", path.read_bytes(), re.IGNORECASE)]
    assert prepared(archive).patients.ids == found.patients.ids
    assert found.patients.ids[0] == Pseudonyms(archive.parent / "cache").of("SECRET 01")


def test_with_another_salt_what_was_kept_is_read_anew(archive):
    first = prepared(archive)
    (archive.parent / "cache" / FILE).unlink()
    again = prepared(archive)
    assert not set(first.patients.ids) & set(again.patients.ids)
    assert first.patients.number.tolist() == again.patients.number.tolist()


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample is not here")
def test_the_samples_file_numbers_as_patients(tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "sample")
    names = [path.relative_to(tmp_path / "sample").as_posix() for path in (tmp_path / "sample").rglob("*.jpg")]
    write_manifest(tmp_path / "sample", {name: ("", _patient(name)) for name in names})
    found = prepared(tmp_path / "sample")
    assert set(parts_of_patients(found).values()) == {1}
    assert sum(found.patient_counts.values()) == len({_patient(file.relative_path) for file in found.scan.files})
    held = np.bincount(found.scan.labels)
    for part, share in (("val", 0.15), ("test", 0.15)):
        chosen = np.bincount(found.scan.labels[found.split.parts()[part]], minlength=len(held))
        assert (np.abs(chosen / np.maximum(held, 1) - share)[held > 0] < 0.06).all()


def _patient(name: str) -> str:
    """Ten neighbouring numbers of a folder as one patient."""
    return f"{Path(name).parent} {int(re.findall(r'[0-9]+', Path(name).stem)[-1]) // 10}"
