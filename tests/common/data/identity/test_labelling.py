from pathlib import Path

import pytest

from common.config.hospital import Hospital
from common.data.identity.labelling import require_slices, scan_hospital
from common.errors import InputError

HEADER = "file,label,patient\n"


def folder_with(tmp_path: Path, *names: str, manifest: str = "") -> Path:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"picture")
    if manifest:
        (tmp_path / "manifest.csv").write_text(HEADER + manifest)
    return tmp_path


def labelled(folder: Path) -> dict[str, int]:
    return {file.relative_path: file.label for file in scan_hospital(folder, {"gr 2": "glioma"}).files}


def test_a_file_without_a_class_folder_gets_its_label_from_the_manifest(tmp_path):
    folder = folder_with(
        tmp_path, "export/1.png", "export/2.png", "export/3.png", "4.png", "glioma/5.png",
        manifest="export/1.png,Gr-2,a\n2.png,notumor,b\n4.png,meningioma,c\n",
    )  # fmt: skip
    assert labelled(folder) == {"4.png": 1, "export/1.png": 0, "export/2.png": 3, "glioma/5.png": 0}
    scan = scan_hospital(folder, {"gr 2": "glioma"})
    assert (scan.unmatched_images, scan.unmatched_folders, scan.other_files) == (1, ("export",), 0)
    assert scan.manifest.rows["export/2.png"].facts.patient == "b"


def test_an_empty_label_leaves_it_to_the_folder_and_a_contradiction_keeps_the_folders(tmp_path):
    folder = folder_with(tmp_path, "glioma/1.png", "glioma/2.png", manifest="glioma/1.png,,a\nglioma/2.png,notumor,b\n")
    assert labelled(folder) == {"glioma/1.png": 0, "glioma/2.png": 0}


def test_rows_of_files_that_are_not_here_are_remembered_and_a_bare_name_must_be_the_only_one(tmp_path):
    folder = folder_with(
        tmp_path, "glioma/1.png", "glioma/2.png", "notumor/2.png", manifest="1.png,,a\n2.png,,b\n../3.png,,c\n"
    )
    manifest = scan_hospital(folder, {}).manifest
    assert list(manifest.rows) == ["glioma/1.png"]
    assert manifest.missing == ("2.png", "../3.png")


def test_a_manifest_of_another_folder_is_refused(tmp_path):
    folder = folder_with(tmp_path, "glioma/1.png", manifest="slices/1a.png,,a\n")
    with pytest.raises(InputError, match="None of the 1 file that manifest") as error:
        scan_hospital(folder, {})
    assert error.value.code == "DATA034"


def test_a_bare_name_and_a_path_of_one_file_must_agree(tmp_path):
    folder = folder_with(tmp_path, "glioma/1.png", manifest="1.png,,a\nglioma/1.png,,b\n")
    with pytest.raises(InputError, match="lines 2 and 3") as error:
        scan_hospital(folder, {})
    assert error.value.code == "DATA033"


def test_a_hospital_whose_labels_all_come_from_the_manifest_has_slices(tmp_path):
    folder_with(tmp_path / "a", "1.png", manifest="1.png,glioma,a\n")
    require_slices(tmp_path, [Hospital("a", "A", "d", "a", (0.0, 0.0), "s")])
    (tmp_path / "a/manifest.csv").write_text(HEADER + "1.png,what,a\n")
    with pytest.raises(InputError, match="label takes") as error:
        require_slices(tmp_path, [Hospital("a", "A", "d", "a", (0.0, 0.0), "s")])
    assert error.value.code == "DATA032"
