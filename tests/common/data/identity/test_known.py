from pathlib import Path

import numpy as np

from common.data.identity.known import known_cases, with_guesses
from common.data.identity.manifest import Manifest, Row
from common.data.patients import CaseFacts
from common.data.scan import Scan, SliceFile


def scan_of(*paths: str, manifest: dict[str, CaseFacts] | None = None) -> Scan:
    files = tuple(SliceFile(path, 0, 1, 1, "glioma") for path in paths)
    rows = {path: Row(None, facts, 2) for path, facts in (manifest or {}).items()}
    return Scan(Path("/h"), True, files, manifest=Manifest(rows) if manifest is not None else None)


def test_where_nothing_is_known_the_groups_are_the_patients():
    known = known_cases(scan_of("a.png", "b.png", "c.png"))
    assert known.ids == ()
    patients = with_guesses(known, np.array([0, 1, 0]))
    assert patients.number.tolist() == [0, 1, 0]
    assert (patients.source, patients.ids) == ("guessed", ("", ""))


def test_the_manifest_comes_first_then_the_header_then_the_name():
    scan = scan_of("p1_1.png", "p2_1.png", "p3_1.png", "q.png", manifest={"p1_1.png": CaseFacts("M", sex="F")})
    headers = {"/h/p1_1.png": CaseFacts("D1", sex="M", age=4.0), "/h/p2_1.png": CaseFacts("D2"), "/h/q.png": None}
    known = known_cases(scan, r"p(\d)_", lambda path: headers.get(path.as_posix()))
    assert known.sources == ("manifest", "dicom", "file name", "guessed")
    assert known.ids == ("m", "d2", "3")
    assert known.number.tolist() == [0, 1, 2, -1]
    assert known.facts[0] == CaseFacts("M", sex="F", age=4.0)


def test_an_id_that_means_nobody_is_passed_over():
    scan = scan_of("p1_1.png", "p2_1.png", manifest={"p1_1.png": CaseFacts("unknown")})
    known = known_cases(scan, r"p(\d)_", lambda path: CaseFacts("ANONYMOUS", scanner="Skyra"))
    assert known.sources == ("file name", "file name")
    assert known.ids == ("1", "2")
    assert known.facts[1] == CaseFacts("2", scanner="Skyra")


def test_several_visits_are_one_patient_whatever_told_it():
    scan = scan_of("2019/p7_1.png", "2021/p7_4.png", "x.png", manifest={"x.png": CaseFacts(" 7 ")})
    assert known_cases(scan, r"p(\d)_").number.tolist() == [0, 0, 0]


def test_a_pattern_with_a_slash_looks_at_the_path_and_too_long_a_name_is_passed_over():
    scan = scan_of("glioma/p01/3.png", "glioma/p02/3.png", "glioma/p02/" + "0" * 200 + ".png")
    known = known_cases(scan, r"/p(\d+)/")
    assert known.ids == ("01", "02")
    assert known.number.tolist() == [0, 1, -1]
    assert known_cases(scan, r"p(\d+)").ids == ()


def test_a_header_is_read_once_for_all_slices_of_a_file():
    asked = []
    known_cases(scan_of("a.dcm", "a.dcm", "b.dcm"), header_facts=lambda path: asked.append(path.name))
    assert asked == ["a.dcm", "b.dcm"]


def test_an_unknown_slice_is_the_known_patients_of_its_group():
    known = known_cases(scan_of("a.png", "p1_.png", "b.png", "p2_.png", "c.png"), r"p(\d)_")
    patients = with_guesses(known, np.array([0, 0, 1, 2, 1]))
    assert patients.number.tolist() == [0, 0, 1, 2, 1]
    assert patients.ids == ("1", "", "2")
    assert patients.source == "guessed"
    assert patients.count([0, 1, 2, 4]) == 2
    assert patients.source_of([1, 3]) == "file name"


def test_no_id_is_in_what_is_printed_of_them():
    known = known_cases(scan_of("pSECRET_1.png"), r"p(\w+)_")
    assert "secret" not in repr((known, with_guesses(known, np.array([0])))).casefold()
