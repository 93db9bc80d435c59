import os
from pathlib import Path

import pytest

from common.data.scan import folder_labels, scan_folder
from common.errors import InputError

CLASS_MAP = {"Pituitary tumor": "pituitary", "brain_menin": "meningioma"}


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"image")


def labels(folder: Path, class_map: dict[str, str] = CLASS_MAP) -> dict[str, int]:
    return {file.relative_path: file.label for file in scan_folder(folder, class_map).files}


@pytest.mark.parametrize(
    ("name", "label"),
    [("Pituitary tumor", 2), ("PITUITARY_TUMOR", 2), ("pituitary-tumor", 2), ("pituitary", 2), ("No Tumor", 3)],
)
def test_folder_names_match_in_any_spelling(tmp_path, name, label):
    put(tmp_path, f"{name}/1.jpg")
    assert labels(tmp_path) == {f"{name}/1.jpg": label}


def test_nearest_matching_folder_gives_the_label_at_any_depth(tmp_path):
    put(tmp_path, "raw data/glioma/patient 1/2.png", "glioma/notumor/1.JPG")
    scan = scan_folder(tmp_path, {})
    assert [(f.relative_path, f.label, f.class_folder) for f in scan.files] == [
        ("glioma/notumor/1.JPG", 3, "glioma/notumor"),
        ("raw data/glioma/patient 1/2.png", 0, "raw data/glioma"),
    ]


def test_the_hospitals_own_name_gives_no_label(tmp_path):
    put(tmp_path / "glioma", "1.jpg")
    scan = scan_folder(tmp_path / "glioma", {})
    assert scan.files == ()
    assert scan.unmatched_folders == (".",)


def test_unmatched_empty_and_other_files_are_told_apart(tmp_path):
    put(tmp_path, "glioma/1.jpg", "glioma/notes.txt", "Unsorted/a.png", "Unsorted/b.png", "letters/a.pdf")
    (tmp_path / "notumor").mkdir()
    scan = scan_folder(tmp_path, {})
    assert scan.unmatched_folders == ("Unsorted",)
    assert scan.unmatched_images == 2
    assert scan.empty_folders == ("notumor",)
    assert scan.other_files == 2


def test_clutter_is_passed_over(tmp_path):
    put(tmp_path, "glioma/1.jpg", "glioma/.DS_Store", "glioma/._1.jpg", "glioma/Thumbs.db", ".cache/glioma/2.jpg")
    put(tmp_path, "__MACOSX/glioma/1.jpg")
    scan = scan_folder(tmp_path, {})
    assert [file.relative_path for file in scan.files] == ["glioma/1.jpg"]
    assert scan.other_files == 0


def test_link_loops_end_and_links_are_read_once(tmp_path):
    put(tmp_path, "glioma/1.jpg")
    (tmp_path / "glioma" / "loop").symlink_to(tmp_path)
    (tmp_path / "glioma" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert [file.relative_path for file in scan_folder(tmp_path, {}).files] == ["glioma/1.jpg", "glioma/gone.jpg"]


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.write_text("a file")])
def test_no_folder_is_said_not_raised(tmp_path, make):
    make(tmp_path / "hospital")
    assert not scan_folder(tmp_path / "hospital", {}).exists


@pytest.mark.skipif(os.name == "nt", reason="permissions work differently there")
def test_a_closed_folder_is_listed(tmp_path, monkeypatch):
    put(tmp_path, "glioma/1.jpg", "notumor/2.jpg")
    listdir = os.listdir

    def refuse(path):
        if Path(path).name == "notumor":
            raise PermissionError(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    scan = scan_folder(tmp_path, {})
    assert scan.unreadable_folders == ("notumor",)
    assert scan.empty_folders == ()
    assert len(scan.files) == 1


def test_synthetic_mark_counts_inside_and_beside(tmp_path):
    put(tmp_path, "a/glioma/1.jpg", "b/glioma/1.jpg", "b/SYNTHETIC.txt")
    assert [scan_folder(tmp_path / name, {}).synthetic for name in "ab"] == [False, True]
    put(tmp_path, "SYNTHETIC.txt")
    assert scan_folder(tmp_path / "a", {}).synthetic


def test_digest_follows_content_and_paths_digest_only_names(tmp_path):
    for name in ("first", "second"):
        put(tmp_path / name, "glioma/1.jpg", "notumor/2.jpg")
        os.utime(tmp_path / name / "glioma/1.jpg", ns=(0, 10**18))
        os.utime(tmp_path / name / "notumor/2.jpg", ns=(0, 10**18))
    first, second = (scan_folder(tmp_path / name, {}) for name in ("first", "second"))
    assert first.digest == second.digest
    os.utime(tmp_path / "second/glioma/1.jpg", ns=(0, 10**18 + 1))
    changed = scan_folder(tmp_path / "second", {})
    assert changed.digest != first.digest
    assert changed.paths_digest == first.paths_digest


@pytest.mark.parametrize(
    ("class_map", "says"),
    [({"menin": "meningoma"}, "meningoma"), ({"Brain Tumor": "glioma", "brain_tumor": "pituitary"}, "twice")],
)
def test_a_class_map_that_cannot_be_is_refused(class_map, says):
    with pytest.raises(InputError, match=says) as caught:
        folder_labels(class_map)
    assert caught.value.code == "CONF007"


def test_class_map_overrides_a_class_name():
    assert folder_labels({"glioma": "notumor"})["glioma"] == 3
