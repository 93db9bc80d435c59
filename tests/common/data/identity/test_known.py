from pathlib import Path

import numpy as np
import pytest

from common.data.dicom.said import Said
from common.data.identity.known import Known, known_cases, with_guesses
from common.data.identity.manifest import Manifest, Row
from common.data.identity.patients import CaseFacts
from common.data.identity.pseudonyms import Pseudonyms
from common.data.scan import Scan, SliceFile


@pytest.fixture
def named(tmp_path) -> Pseudonyms:
    return Pseudonyms(tmp_path)


def scan_of(*paths: str, manifest: dict[str, CaseFacts] | None = None) -> Scan:
    files = tuple(SliceFile(path, 0, 1, 1, "glioma") for path in paths)
    rows = {path: Row(None, facts, 2) for path, facts in (manifest or {}).items()}
    return Scan(Path("/h"), True, files, manifest=Manifest(rows) if manifest is not None else None)


def known_by_name(pattern: str, named: Pseudonyms, *paths: str) -> Known:
    return known_cases(scan_of(*paths), {}, named, pattern)


def test_where_nothing_is_known_the_groups_are_the_patients_and_no_salt_is_made(tmp_path, named):
    known = known_cases(scan_of("a.png", "b.png", "c.png"), {0: Said()}, named)
    assert known.ids == ()
    patients = with_guesses(known, np.array([0, 1, 0]))
    assert patients.number.tolist() == [0, 1, 0]
    assert (patients.source, patients.ids) == ("guessed", ("", ""))
    assert not list(tmp_path.iterdir())


def test_the_manifest_comes_first_then_the_header_then_the_name(named):
    scan = scan_of("p1_1.png", "p2_1.png", "p3_1.png", "q.png", manifest={"p1_1.png": CaseFacts("M", sex="F")})
    headers = {0: Said(CaseFacts(named.of("D1"), sex="M", age=4.0)), 1: Said(CaseFacts(named.of("D2")))}
    known = known_cases(scan, headers, named, r"p(\d)_")
    assert known.sources == ("manifest", "dicom", "file name", "guessed")
    assert known.ids == (named.of("m"), named.of("d2"), named.of("3"))
    assert known.number.tolist() == [0, 1, 2, -1]
    assert known.facts[0] == CaseFacts(named.of("M"), sex="F", age=4.0)


def test_an_id_that_means_nobody_is_passed_over(named):
    scan = scan_of("p1_1.png", "p2_1.png", manifest={"p1_1.png": CaseFacts("unknown")})
    known = known_cases(scan, {1: Said(CaseFacts(scanner="Skyra"))}, named, r"p(\d)_")
    assert known.sources == ("file name", "file name")
    assert known.facts[1] == CaseFacts(named.of("2"), scanner="Skyra")


def test_several_visits_are_one_patient_whatever_told_it(named):
    scan = scan_of("2019/p7_1.png", "2021/p7_4.png", "x.png", manifest={"x.png": CaseFacts(" 7 ")})
    assert known_cases(scan, {}, named, r"p(\d)_").number.tolist() == [0, 0, 0]


def test_a_pattern_with_a_slash_looks_at_the_path_and_too_long_a_name_is_passed_over(named):
    paths = "glioma/p01/3.png", "glioma/p02/3.png", "glioma/p02/" + "0" * 200 + ".png"
    assert known_by_name(r"/p(\d+)/", named, *paths).number.tolist() == [0, 1, -1]
    assert known_by_name(r"p(\d+)", named, *paths).ids == ()


def test_an_unknown_slice_is_the_known_patients_of_its_group(named):
    known = known_by_name(r"p(\d)_", named, "a.png", "p1_.png", "b.png", "p2_.png", "c.png")
    patients = with_guesses(known, np.array([0, 0, 1, 2, 1]))
    assert patients.number.tolist() == [0, 0, 1, 2, 1]
    assert patients.ids == (named.of("1"), "", named.of("2"))
    assert patients.source == "guessed"
    assert patients.count([0, 1, 2, 4]) == 2
    assert patients.source_of([1, 3]) == "file name"


def test_no_id_is_in_what_is_known(named):
    known = known_by_name(r"p(\w+)_", named, "pSECRET_1.png")
    assert "secret" not in f"{known.ids}{known.facts[0].patient}{known}".casefold()
