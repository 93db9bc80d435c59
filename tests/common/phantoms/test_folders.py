"""The synthetic hospitals: said to be synthetic, the same for a seed, laid out as the real ones, never among others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common.data.cache import open_library
from common.data.scan import scan_folder
from common.errors import InputError
from common.labels import CLASSES
from common.phantoms.anatomy import draw_head, draw_tumour, head_space, random_head, random_tumour
from common.phantoms.folders import make_phantoms
from common.phantoms.hospitals import HOSPITALS, draw_slice, plan_slices

SMALL = {"image_size": 32, "slices_per_class": 6}
CLASS_MAPS: list[dict[str, str]] = [
    {},
    {"pituitary tumor": "pituitary"},
    {"brain_glioma": "glioma", "brain_menin": "meningioma", "brain_tumor": "pituitary"},
]


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "set"
    make_phantoms(out, **SMALL)
    return out


def contents(out: Path) -> dict[str, bytes]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files if not path.name.startswith(".")}


def scans(out: Path):
    return [scan_folder(out / h.folder, m) for h, m in zip(HOSPITALS, CLASS_MAPS, strict=True)]


def test_layout_is_version_ones(phantoms):
    counts = []
    for scan in scans(phantoms):
        assert scan.synthetic
        counts.append([int((scan.labels == label).sum()) for label in range(len(CLASSES))])
    assert counts == [[7, 5, 5, 10], [8, 5, 5, 0], [5, 4, 4, 0]]  # planted copies included


def test_every_slice_says_that_it_is_synthetic(phantoms):
    for hospital in HOSPITALS:
        stamps = []
        for planned in plan_slices(hospital, 2, 0):
            image = np.asarray(draw_slice(hospital, planned, 96, 0).convert("L"), dtype=float)
            stamps.append(image[-9:-1])
        same = np.mean(stamps, axis=0) > 120  # the letters stand at one place, whatever the class
        assert 60 < same.sum() < same.size // 2
        assert all(stamp[same].mean() > 130 for stamp in stamps)
    for folder in (phantoms, *(phantoms / hospital.folder for hospital in HOSPITALS)):
        assert (folder / "SYNTHETIC.txt").read_text(encoding="utf-8").startswith("SYNTHETIC\n")


def test_same_seed_same_bytes_other_seed_others(phantoms, tmp_path):
    make_phantoms(tmp_path / "same", **SMALL)
    make_phantoms(tmp_path / "other", **SMALL, seed=1)
    assert contents(tmp_path / "same") == contents(phantoms)
    ours, theirs = contents(phantoms), contents(tmp_path / "other")
    assert ours["dataset-2/Glioma/101.jpg"] != theirs["dataset-2/Glioma/101.jpg"]


def test_planted_faults_are_what_they_say(phantoms, tmp_path):
    first, second, third = scans(phantoms)
    library = open_library(first, 32, tmp_path / "cache")
    names = [file.relative_path for file in first.files]
    assert [names[index] for index in library.unreadable] == ["glioma/Tr-gl_8001.jpg"]
    assert first.unmatched_folders == ("Unsorted",)
    assert first.other_files == 1
    at = {name.split("_")[1].split(".")[0]: index for index, name in enumerate(names)}
    assert list(library.byte_sha256).count(library.byte_sha256[at["8002"]]) == 2
    assert library.sizes[at["8004"]].tolist() == [16, 16]
    mirrored = library.pixels[at["8003"]][:, ::-1]
    pituitary = next(index for index, name in enumerate(names) if name.startswith("pituitary/"))
    assert np.array_equal(mirrored, library.pixels[pituitary])

    library = open_library(second, 40, tmp_path / "cache")
    names = [file.relative_path for file in second.files]
    turned = library.pixels[names.index("Glioma/9001.png")]
    assert np.array_equal(np.rot90(turned, -1), library.pixels[names.index("Glioma/101.jpg")])
    twin = library.byte_sha256[names.index("Meningioma/9002.jpg")]
    twins = [index for index, value in enumerate(library.byte_sha256) if value == twin]
    assert sorted(second.labels[twins].tolist()) == [1, 2]

    listed = (phantoms / "SYNTHETIC.txt").read_text(encoding="utf-8")
    assert listed.count("\n  dataset-") == 8
    assert open_library(third, 32, tmp_path / "cache").unreadable == {}


def test_faults_can_be_left_out(tmp_path):
    make_phantoms(tmp_path / "clean", image_size=32, slices_per_class=1, faults=False)
    first = scans(tmp_path / "clean")[0]
    assert (len(first.files), first.unmatched_folders, first.other_files) == (4, (), 0)


def test_a_patients_slices_are_neighbours_and_alike(phantoms):
    hospital = HOSPITALS[1]
    plan = [planned for planned in plan_slices(hospital, 12, 0) if planned.kind == "glioma"]
    numbers = [int(Path(planned.path).stem) for planned in plan]
    assert numbers == list(range(numbers[0], numbers[0] + len(plan)))
    thumbs = [
        np.asarray(draw_slice(hospital, planned, 32, 0).resize((16, 16), Image.Resampling.BOX)).ravel()
        for planned in plan
    ]
    alike = np.corrcoef(thumbs)
    neighbours = [alike[i, i + 1] for i in range(len(plan) - 1) if plan[i].patient == plan[i + 1].patient]
    strangers = [alike[i, j] for i, a in enumerate(plan) for j, b in enumerate(plan) if a.patient != b.patient]
    assert np.median(neighbours) > 0.9
    assert np.median(neighbours) > np.quantile(strangers, 0.95)


@pytest.mark.parametrize("kind", CLASSES)
def test_each_tumour_has_its_habit(kind):
    for patient in range(8):
        rng = np.random.default_rng([7, patient])
        head, tumour = random_head(rng), random_tumour(kind, rng)
        space = head_space(head, 0.0, 64)
        healthy = draw_head(head, space, 0.0)
        change = draw_tumour(healthy, tumour, space, 1.0) - healthy
        touched = np.abs(change) > 0.15
        if kind == "notumor":
            assert not touched.any()
            continue
        right, down, radius = space.right[touched], space.down[touched], space.radius[touched]
        if kind == "pituitary":  # small, low, in the middle
            assert abs(right.mean()) < 0.08
            assert 0.4 < down.mean() < 0.65
        else:
            assert abs(right.mean()) > 0.1  # to one side
        if kind == "glioma":  # a dark core in a bright rim, away from the skull
            assert change.min() < -0.2 < 0.2 < change.max()
            assert np.median(radius) < 0.7
        if kind == "meningioma":  # bright throughout, on the skull
            assert radius.max() > 0.8
            assert (change[touched] > 0).mean() > 0.75


def test_second_call_does_nothing_and_another_recipe_replaces(tmp_path):
    said: list[bool] = []

    def note(folder: Path, images: int, drawn: bool) -> None:
        said.append(drawn)

    out = tmp_path / "set"
    make_phantoms(out, image_size=32, slices_per_class=1, on_hospital=note)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    make_phantoms(out, image_size=32, slices_per_class=1, on_hospital=note)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == times
    make_phantoms(out, image_size=32, slices_per_class=1, seed=5, on_hospital=note)
    assert said == [True] * 3 + [False] * 3 + [True] * 3
    make_phantoms(tmp_path / "fresh", image_size=32, slices_per_class=1, seed=5)
    assert contents(out) == contents(tmp_path / "fresh")


def test_missing_or_half_drawn_slices_are_drawn_again(tmp_path):
    out = tmp_path / "set"
    make_phantoms(out, image_size=32, slices_per_class=1)
    whole = contents(out)
    next((out / "dataset-3").rglob("*.jpg")).unlink()
    (out / ".drawing-dead").mkdir()
    make_phantoms(out, image_size=32, slices_per_class=1)
    assert contents(out) == whole
    assert not (out / ".drawing-dead").exists()


@pytest.mark.parametrize("with_set", [False, True])
def test_never_among_other_files(tmp_path, with_set):
    out = tmp_path / "set"
    if with_set:
        make_phantoms(out, image_size=32, slices_per_class=1)
    (out / "dataset-1" / "glioma").mkdir(parents=True, exist_ok=True)
    (out / "dataset-1" / "glioma" / "patient.png").write_bytes(b"real")
    before = contents(out)
    with pytest.raises(InputError, match=r"PHANTOM002.*did not draw") as refusal:
        make_phantoms(out, image_size=32, slices_per_class=2)
    assert refusal.value.exit_code == 2
    assert contents(out) == before


@pytest.mark.parametrize("wrong", [{"image_size": 8}, {"slices_per_class": 0}, {"seed": -1}])
def test_numbers_out_of_range(tmp_path, wrong):
    with pytest.raises(InputError, match=f"PHANTOM001: {next(iter(wrong))} is"):
        make_phantoms(tmp_path / "set", **wrong)
    assert not (tmp_path / "set").exists()


def test_command_line(tmp_path):
    command = [sys.executable, "-m", "common.phantoms", "--out", str(tmp_path / "set"), "--size", "32"]
    command += ["--slices-per-class", "1"]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stderr) == (0, "")
    assert "drawn" in first.stdout
    assert "SYNTHETIC" in first.stdout
    assert "nothing to do" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
    (tmp_path / "set" / "mine.txt").write_text("mine")
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error PHANTOM002: ")
    assert len(refused.stderr.splitlines()) == 1
    assert json.loads((tmp_path / "set" / ".phantoms.json").read_text())["recipe"]["slices_per_class"] == 1
