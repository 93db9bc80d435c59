import os
import time
import tracemalloc

import pytest

from common.data.identity.manifest import Manifest, read_manifest
from common.data.identity.patients import CaseFacts
from common.data.scan import folder_labels
from common.errors import InputError

HEADER = "file,label,patient\n"


def read(folder, content: str | bytes, name: str = "manifest.csv") -> Manifest:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_manifest(folder, folder_labels({"grade two": "glioma"}))
    assert found is not None
    return found


def refusal(folder, content: str | bytes) -> InputError:
    with pytest.raises(InputError) as error:
        read(folder, content)
    assert error.value.sentence.endswith(".")
    assert "\n" not in error.value.sentence
    return error.value


def test_a_folder_without_one_has_none(tmp_path):
    assert read_manifest(tmp_path, {}) is None


def test_all_columns_are_read_in_any_order(tmp_path):
    found = read(
        tmp_path,
        "patient,date,age,sex,field strength,Scanner,sequence,label,file,note\n"
        "P1,2020-01-02,45,f,3T,Skyra,T1,Glioma,glioma/1.png,=anything\n",
    )
    row = found.rows["glioma/1.png"]
    assert row.label == 0
    assert row.facts == CaseFacts("P1", "F", 45.0, "Skyra", 3.0, "T1", "2020-01-02")
    assert found.ignored == ("note",)


@pytest.mark.parametrize(
    "content",
    [
        "\ufefffile;label;patient\r\na b/1.png;grade_two;P1\r\n".encode(),
        b"FILE,LABEL,PATIENT\na b\\1.png,,P1",
        b'file,label,patient\n"./a b/1.png","glioma","P1"\n\n,,\n',
    ],
)
def test_spreadsheets_dialects_are_understood(tmp_path, content):
    found = read(tmp_path, content)
    assert list(found.rows) == ["a b/1.png"]
    assert found.rows["a b/1.png"].facts.patient == "P1"


def test_a_name_in_other_letters_is_found(tmp_path):
    assert read(tmp_path, HEADER + "a,,1\n", "Manifest.csv").rows


def test_a_second_row_that_says_the_same_is_remembered(tmp_path):
    assert read(tmp_path, HEADER + "a,glioma,1\nb,,2\na,glioma,1\n").repeated == ("a",)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "DATA031", "no column file, label and patient"),
        (b"file,label,pateint\na,glioma,1\n", "DATA031", 'no column patient (is "pateint" meant?)'),
        (b"file,label,patient,patient\na,glioma,1,2\n", "DATA031", "two columns patient"),
        ("datei,label,patient\n".encode("utf-16"), "DATA030", "is not UTF-8 (line 1)"),
        (b"file,label,patient\na,glioma,M\xfcller\n", "DATA030", "is not UTF-8 (line 2)"),
        (b"file,label,patient\na,gli\0oma,1\n", "DATA030", "a NUL byte in line 2"),
        (b"file,label,patient\na,glioma\n", "DATA030", "2 columns in line 2 and 3 in its first"),
        (b'file,label,patient\n"a,glioma,1\n', "DATA030", "no CSV file in line 2"),
        (b'file,label,patient\n"a\nb",glioma,1\n', "DATA032", "line 3; file takes a path"),
        (b"file,label,patient\n,glioma,1\n", "DATA032", "line 2; file takes a path"),
        (b"file,label,patient\na,astrocytoma,1\n", "DATA032", 'label "astrocytoma" in line 2; label takes glioma'),
        (b"file,label,patient\na,,\"=cmd|' /C calc'!A0\"\n", "DATA032", "a value, not a formula"),
        (b"file,label,patient\na,=A1,1\n", "DATA032", 'label "=A1" in line 2'),
        (b"file,label,patient\na,,1\x1b[2J\n", "DATA032", "signs that can be printed"),
        (b"file,label,patient\na,,%s\n" % (b"1" * 201), "DATA032", "a cell takes 200 signs"),
        (b"file,label,patient,sex\na,,1,yes\n", "DATA032", "sex takes F, M or O"),
        (b"file,label,patient,date\na,,1,2.1.2020\n", "DATA032", "date takes YYYY-MM-DD"),
        (b"file,label,patient\na,,1\nb,,1\na,,2\n", "DATA033", 'two things of "a", in lines 2 and 4'),
        (b"file,label,patient\n" + b"x" * 200_000 + b",,1\n", "DATA030", "field larger than field limit"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(tmp_path, content, code, says):
    error = refusal(tmp_path, content)
    assert error.code == code
    assert says in error.sentence


def test_no_refusal_repeats_a_patients_id(tmp_path):
    for content in (HEADER + "a,,=SECRET\n", HEADER + "a,,SECRET\na,,other\n", HEADER + "a,,SECRET\x07\n"):
        assert "SECRET" not in refusal(tmp_path, content).sentence
    assert "SECRET" not in repr(read(tmp_path, HEADER + "a,,SECRET\n"))


def test_a_pipe_of_that_name_is_refused(tmp_path):
    os.mkfifo(tmp_path / "manifest.csv")
    with pytest.raises(InputError) as error:
        read_manifest(tmp_path, {})
    assert error.value.code == "DATA030"


def test_a_hundred_thousand_rows_take_seconds_and_little_memory(tmp_path):
    rows = [f"glioma/p{n // 10}/{n}.png,glioma,P{n // 10},F,45\n" for n in range(100_000)]
    started = time.process_time()
    assert len(read(tmp_path, "file,label,patient,sex,age\n" + "".join(rows)).rows) == 100_000
    assert time.process_time() - started < 10
    tracemalloc.start()
    try:
        found = read(tmp_path, "file,label,patient,sex,age\n" + "".join(rows[:10_000]))
        assert len({id(row.facts) for row in found.rows.values()}) == 1000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
