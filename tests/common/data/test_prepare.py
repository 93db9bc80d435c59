import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.audit.report import audit
from common.config.settings import DataPlan
from common.data.prepare import PreparedHospital, prepare
from common.errors import InputError

CLASS_MAP = {"brain_menin": "meningioma"}


def draw(path: Path, seed: int, size: int = 64) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BILINEAR)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return image


@pytest.fixture
def hospital(tmp_path) -> Path:
    folder = tmp_path / "hospital"
    for number in range(24):
        draw(folder / "Glioma" / f"g{number}.png", number)
        draw(folder / "brain_menin" / f"{number}.png", 100 + number)
    return folder


def prepared(folder: Path, seed: int = 42, cache: Path | None = None, **data) -> PreparedHospital:
    plan = DataPlan(**{"image_size": 32, **data})
    return prepare(folder, CLASS_MAP, plan, seed, cache or folder.parent / "cache")


def codes(result: PreparedHospital) -> dict[str, int]:
    return {finding.code: finding.count for finding in audit(result.evidence).findings}


def test_a_clean_hospital_is_split_and_has_little_to_say(hospital):
    result = prepared(hospital)
    assert codes(result) == {"DATA009": 2}
    assert result.split.counts(result.scan.labels) == {
        "train": {"glioma": 16, "meningioma": 16},
        "val": {"glioma": 4, "meningioma": 4},
        "test": {"glioma": 4, "meningioma": 4},
    }
    assert result.groups_across_splits == 0
    assert result.library.pixels.shape == (48, 32, 32, 3)


def test_planted_faults_are_found_and_stay_on_one_side(hospital):
    glioma = hospital / "Glioma"
    original = Image.open(glioma / "g3.png")
    shutil.copy(glioma / "g3.png", glioma / "copy.png")
    original.save(glioma / "resaved.bmp")
    original.save(glioma / "recompressed.jpg", quality=60)
    original.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(glioma / "mirrored.png")
    original.transpose(Image.Transpose.ROTATE_90).save(glioma / "turned.jpg", quality=70)
    shutil.copy(hospital / "brain_menin/5.png", glioma / "contradiction.png")
    Image.open(hospital / "brain_menin/7.png").rotate(180).save(glioma / "alike.png")
    (glioma / "broken.jpg").write_bytes((glioma / "recompressed.jpg").read_bytes()[:300])
    draw(glioma / "icon.png", 900, size=16)
    result = prepared(hospital)
    assert codes(result) == {
        "DATA004": 1,
        "DATA005": 2,
        "DATA006": 10,
        "DATA007": 2,
        "DATA008": 1,
        "DATA009": 2,
        "DATA010": 1,
    }
    index = {file.relative_path: n for n, file in enumerate(result.scan.files)}
    same = ["g3.png", "copy.png", "resaved.bmp", "recompressed.jpg", "mirrored.png", "turned.jpg"]
    assert len({int(result.groups.group[index[f"Glioma/{name}"]]) for name in same}) == 1
    assert result.groups.group[index["Glioma/alike.png"]] == result.groups.group[index["brain_menin/7.png"]]
    assert result.groups_across_splits == 0
    placed = set(np.concatenate(list(result.split.parts().values())).tolist())
    left_out = ["Glioma/contradiction.png", "brain_menin/5.png", "Glioma/broken.jpg", "Glioma/icon.png"]
    assert placed == set(range(len(index))) - {index[name] for name in left_out}
    assert not audit(result.evidence).usable[[index[name] for name in left_out]].any()


def test_same_files_elsewhere_give_the_same_split(hospital, tmp_path):
    first = prepared(hospital)
    shutil.copytree(hospital, tmp_path / "elsewhere" / "hospital")
    second = prepared(tmp_path / "elsewhere" / "hospital")
    assert first.scan.paths_digest == second.scan.paths_digest
    for name, chosen in first.split.parts().items():
        assert chosen.tolist() == second.split.parts()[name].tolist()
    assert prepared(hospital, seed=1).split.test.tolist() != first.split.test.tolist()


def test_plain_split_counts_honestly_what_straddles(hospital):
    for number in range(24):
        shutil.copy(hospital / f"Glioma/g{number}.png", hospital / f"Glioma/copy of g{number}.png")
    assert prepared(hospital).groups_across_splits == 0
    assert prepared(hospital, group_split=False).groups_across_splits > 5


def test_at_most_so_many_of_a_class(hospital):
    result = prepared(hospital, max_per_class=10)
    assert sum(len(chosen) for chosen in result.split.parts().values()) == 20
    assert audit(result.evidence).total == 48


def test_progress_is_told(hospital):
    told = []
    prepare(hospital, {}, DataPlan(image_size=32), 0, hospital.parent / "cache", lambda *now: told.append(now))
    assert told[-1] == (24, 24)


def test_a_single_slice_and_a_hospital_of_unreadable_files(tmp_path):
    draw(tmp_path / "one" / "glioma" / "1.png", 1)
    assert len(prepared(tmp_path / "one").split.train) == 1
    (tmp_path / "none" / "glioma").mkdir(parents=True)
    (tmp_path / "none" / "glioma" / "1.png").write_bytes(b"no image")
    result = prepared(tmp_path / "none")
    assert audit(result.evidence).total == 0
    assert audit(result.evidence).numbers()["missing_classes"] == ["glioma", "meningioma", "pituitary", "notumor"]


def test_numbers_travel_without_names(hospital):
    shutil.copy(hospital / "Glioma/g3.png", hospital / "Glioma/Asha Rao.png")
    (hospital / "Ravi").mkdir()
    shutil.copy(hospital / "Glioma/g3.png", hospital / "Ravi/1.png")
    report = audit(prepared(hospital).evidence)
    numbers = json.dumps(report.numbers())
    assert "Asha" not in numbers
    assert ".png" not in numbers.replace(".png,", "")
    assert "Ravi" not in json.dumps(report.numbers()["audit"])
    assert "Glioma/Asha Rao.png" in json.dumps(report.to_json())
    assert report.numbers() | {"audit": []} == {
        "total_samples": 49,
        "class_distribution": {"glioma": 25, "meningioma": 24},
        "unmatched_folders": ["Ravi"],
        "files_found": 49,
        "unusable_files": 0,
        "missing_classes": ["pituitary", "notumor"],
        "synthetic": False,
        "group_count": 48,
        "audit": [],
    }


@pytest.mark.parametrize(
    "make", [lambda folder: None, lambda folder: folder.write_text("x"), lambda folder: folder.mkdir()]
)
def test_nothing_to_read_is_refused_by_name(tmp_path, make):
    make(tmp_path / "hospital")
    with pytest.raises(InputError, match=str(tmp_path / "hospital")) as caught:
        prepared(tmp_path / "hospital")
    assert caught.value.code in {"DATA001", "DATA002"}
    assert caught.value.exit_code == 2
