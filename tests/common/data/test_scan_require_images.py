import re

import pytest

from common.data.scan import Scan, require_images, scan_folder
from common.errors import InputError


def refusal(scan: Scan) -> InputError:
    with pytest.raises(InputError) as caught:
        require_images(scan)
    return caught.value


def test_missing_folder_names_the_path_and_what_is_there(tmp_path):
    (tmp_path / "dataset-2").mkdir()
    error = refusal(scan_folder(tmp_path / "dataset-1" / "deep", {}))
    assert error.code == "DATA001"
    assert str(tmp_path / "dataset-1" / "deep") in error.sentence
    assert '"dataset-2"' in error.sentence


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "dataset-1").write_text("x")
    assert "is a file, not a folder" in refusal(scan_folder(tmp_path / "dataset-1", {})).sentence


def test_every_unmatched_folder_is_named(tmp_path):
    for number in range(30):
        (tmp_path / f"folder {number}").mkdir()
        (tmp_path / f"folder {number}" / "1.jpg").touch()
    error = refusal(scan_folder(tmp_path, {}))
    assert error.code == "DATA002"
    assert len(set(re.findall(r'"folder \d+"', error.sentence))) == 30
    assert "class_map" in error.sentence


def test_only_texts(tmp_path):
    (tmp_path / "glioma").mkdir()
    (tmp_path / "glioma" / "notes.txt").touch()
    error = refusal(scan_folder(tmp_path, {}))
    assert error.code == "DATA002"
    assert ".png" in error.sentence


def test_a_closed_folder(tmp_path):
    error = refusal(Scan(tmp_path, exists=True, unreadable_folders=(".",)))
    assert (error.code, "right to read it" in error.sentence) == ("DATA001", True)


def test_one_image_is_enough(tmp_path):
    (tmp_path / "glioma").mkdir()
    (tmp_path / "glioma" / "1.jpg").touch()
    require_images(scan_folder(tmp_path, {}))
