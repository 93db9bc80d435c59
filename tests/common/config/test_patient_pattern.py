import time

import pytest

from common.config.hospital import hospital_from
from common.config.patient_pattern import MOST_NAME_SIGNS, compiled
from common.errors import InputError

FACTS = {"name": "A", "dataset_id": "d", "path": "a", "location": [1, 2], "specialty": "s"}


@pytest.mark.parametrize(
    ("pattern", "name", "patient"),
    [
        (r"p(\d+)_", "p012_7.png", "012"),
        (r"^sub-([a-z0-9]+)_", "sub-k77_t1.dcm", "k77"),
        (r"patient (\w+)/", "glioma/patient 9/1.png", "9"),
        (r"^(.+?)-", "MR-1-2.png", "MR"),
        (r"([^_]+)_\d{1,3}\.png$", "ab_12.png", "ab"),
    ],
)
def test_a_plain_pattern_finds_the_patient(pattern, name, patient):
    assert compiled(pattern).search(name)[1] == patient


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a|aa)*",
        "(a)(b)",
        "abc",
        "",
        r"(a)\1",
        "(?=a)(b)",
        "(?P<p>a)",
        "(",
        ")",
        "[",
        "a" * 99 + "(b)",
        "(a)\n",
    ],
)
def test_another_form_is_refused(pattern):
    with pytest.raises(ValueError, match="patient_pattern"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", ["a*a*(a*)x", "a+a+a?a?(a)x", "a{1,99}a{1,99}(a{1,99})x", "([z-a])", r"(\d{3,1})"])
def test_what_repeats_too_much_or_cannot_be_compiled_is_refused(pattern):
    with pytest.raises(ValueError, match="patient_pattern"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", ["a*(a*)x", "a*(a+)a?x", ".*(.*)x", r"(\w{1,120})\w{1,120}!", r"(\w+)\w+\W"])
def test_the_worst_name_takes_no_time(pattern):
    started = time.perf_counter()
    compiled(pattern).search("a" * MOST_NAME_SIGNS)
    assert time.perf_counter() - started < 1.0


def test_a_hospital_takes_a_pattern_and_refuses_a_wrong_one_with_a_sentence():
    assert hospital_from({**FACTS, "patient_pattern": r"p(\d+)_"}, "a").patient_pattern == r"p(\d+)_"
    assert hospital_from(FACTS, "a").patient_pattern == ""
    with pytest.raises(InputError, match=r"conf/hospital/a\.yaml: patient_pattern has a form") as error:
        hospital_from({**FACTS, "patient_pattern": "(a+)+"}, "a")
    assert error.value.code == "CONF013"
