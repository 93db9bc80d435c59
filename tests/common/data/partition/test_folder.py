"""Parts of a real folder: what is known of each is what the whole folder says of its files."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from common.audit.report import audit
from common.config.partition import Part
from common.config.settings import DataPlan
from common.data.evidence import Evidence, gather_evidence
from common.data.partition import folder as reading
from common.data.partition.folder import Folder, evidence_of_part
from common.data.prepare import divide
from common.labels import CLASSES
from common.phantoms.folders import make_phantoms

DATA = DataPlan(image_size=32)
COUNT = 3


def part(number: int, count: int = COUNT, by: str = "patients") -> Part:
    return Part(number, count, by, 0.5, 42)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Phantoms with enough groups of slices for several parts."""
    root = tmp_path_factory.mktemp("phantoms")
    make_phantoms(root, image_size=48, slices_per_class=40, seed=0)
    return root


@pytest.fixture
def folder(drawn, tmp_path) -> Folder:
    shutil.copytree(drawn / "dataset-1", tmp_path / "slices")
    return Folder(tmp_path / "slices", {}, "", tmp_path / "cache")


def whole(folder: Folder) -> Evidence:
    return gather_evidence(folder.path, folder.class_map, 32, folder.cache_dir)


def parts(folder: Folder, count: int = COUNT) -> list[Evidence]:
    return [evidence_of_part(folder, part(number, count), DATA) for number in range(1, count + 1)]


def test_parts_hold_every_usable_slice_of_the_folder_once(folder):
    known, found = whole(folder), parts(folder)
    held = [file.relative_path for each in found for file in each.scan.files]
    assert sorted(held) == sorted(np.array([file.relative_path for file in known.scan.files])[known.usable].tolist())
    assert len({each.scan.paths_digest for each in found}) == COUNT


def test_a_part_knows_of_its_files_what_the_folder_knows(folder):
    known = whole(folder)
    place = {file.relative_path: index for index, file in enumerate(known.scan.files)}
    for own in parts(folder):
        there = np.array([place[file.relative_path] for file in own.scan.files])
        assert (own.library.pixels == known.library.pixels[there]).all()
        assert (own.library.thumbs == known.library.thumbs[there]).all()
        assert list(own.library.pixel_sha256) == [known.library.pixel_sha256[index] for index in there]
        assert (own.scan.labels == known.scan.labels[there]).all()
        assert own.usable.all()
        same = known.groups.group[there]
        assert ((own.groups.group[:, None] == own.groups.group) == (same[:, None] == same)).all()
        pairs = {(there[a], there[b]) for a, b in zip(own.pairs.first, own.pairs.second, strict=True)}
        inside = set(there.tolist())
        both = zip(known.pairs.first.tolist(), known.pairs.second.tolist(), strict=True)
        assert pairs == {pair for pair in both if inside.issuperset(pair)}


def test_a_part_is_audited_and_split_as_a_hospital(folder):
    for own in parts(folder):
        prepared = divide(own, DATA, 42, None)
        assert sum(len(chosen) for chosen in prepared.split.parts().values()) == len(own.scan.files)
        assert len(prepared.split.train)
        assert prepared.groups_across_splits == 0
        assert audit(own).total == len(own.scan.files)
        assert audit(own).synthetic


def test_known_patients_stay_whole_and_are_known_in_their_part(folder):
    files = whole(folder).scan.files
    patients = {file.relative_path: f"P{index // 3}" for index, file in enumerate(files)}
    with (folder.path / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "patient"])
        rows.writerows([file.relative_path, CLASSES[file.label], patients[file.relative_path]] for file in files)
    found = parts(folder)
    held = [{patients[file.relative_path] for file in each.scan.files} for each in found]
    assert sum(map(len, held)) == len(set().union(*held)), "no patient is in two parts"
    for own, names in zip(found, held, strict=True):
        assert own.patients.source == "manifest"
        assert own.patients.count(np.arange(len(own.scan.files))) == len(names)
        assert own.known is not None
        assert len(own.known.ids) == len(names)
        assert own.scan.manifest is not None
        assert set(own.scan.manifest.rows) == {file.relative_path for file in own.scan.files}
        assert not own.scan.manifest.missing


def test_a_folder_is_read_once_for_all_parts_and_anew_when_one_asks_again(folder, monkeypatch):
    looked: list[Path] = []
    real = reading.scan_hospital

    def scan(path, *rest):
        looked.append(path)
        return real(path, *rest)

    monkeypatch.setattr(reading, "scan_hospital", scan)
    before = parts(folder)
    assert looked == [], "the first reading is everybody's"
    gone = before[0].scan.files[0].relative_path
    (folder.path / gone).unlink()
    after = parts(folder)
    assert len(looked) == 1
    assert all(gone not in {file.relative_path for file in each.scan.files} for each in after)
