from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file

from common.data.dicom.deidentified import birth_date_in, name_in, private_tags_in
from common.data.dicom.facts import facts_in, facts_of
from common.data.identity.patients import CaseFacts
from tests.support.uploads import dicom, png


def header(**fields) -> Dataset:
    found = Dataset()
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def test_a_file_of_pydicoms_tells_its_facts():
    facts = facts_of(Path(get_testdata_file("MR_small.dcm", download=False)))
    assert facts == CaseFacts("4MR1", "F", None, "TOSHIBA_MEC MRT50H1", None, "T2", "2004-08-26")
    assert "4MR1" not in repr(facts)


@pytest.mark.parametrize("content", [png(), b"", dicom()[:200], bytes(128) + b"DICM" + bytes(range(256))])
def test_a_file_that_tells_nothing_has_empty_facts(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert facts_of(tmp_path / "a") == CaseFacts()
    assert facts_of(tmp_path / "missing") == CaseFacts()


@pytest.mark.parametrize(
    ("fields", "years"),
    [
        ({"PatientAge": "045Y"}, 45),
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "003W"}, 0.06),
        ({"PatientBirthDate": "19600301", "StudyDate": "20200229"}, 59),
        ({"PatientBirthDate": "19600301"}, None),
        ({"PatientBirthDate": "19601399", "StudyDate": "20200229"}, None),
        ({"PatientAge": "999Y"}, None),
        ({}, None),
    ],
)
def test_age_is_read_or_reckoned(fields, years):
    assert facts_in(header(**fields)).age == years


@pytest.mark.parametrize(("field", "tesla"), [(1.5, 1.5), (15000, 1.5), (0, None), ("", None)])
def test_field_strength_is_in_tesla(field, tesla):
    assert facts_in(header(MagneticFieldStrength=field)).field_strength == tesla


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"SeriesDescription": "AX T2 FLAIR"}, "FLAIR"),
        ({"SeriesDescription": "t1_mprage_tra_post"}, "T1 contrast"),
        ({"ProtocolName": "T1W SE", "ContrastBolusAgent": "Dotarem"}, "T1 contrast"),
        ({"SeriesDescription": "T1 SE sag"}, "T1"),
        ({"SeriesDescription": "ep2d_diff_b1000"}, "diffusion"),
        ({"SeriesDescription": "T2* GRE"}, "susceptibility"),
        ({"SeriesDescription": "Ms Rao, head", "EchoTime": 95, "RepetitionTime": 4000}, "T2"),
        ({"EchoTime": 95, "RepetitionTime": 9000, "InversionTime": 2500}, "FLAIR"),
        ({"EchoTime": 12, "RepetitionTime": 500}, "T1"),
        ({"SeriesDescription": "Ms Rao, head"}, ""),
    ],
)
def test_the_sequence_is_one_of_a_few_words_and_never_the_technicians(fields, kind):
    assert facts_in(header(**fields)).sequence == kind


def test_a_scanners_name_is_one_printable_line():
    facts = facts_in(header(Manufacturer="Siemens", ManufacturerModelName="<b>Avanto\x1b[2J"))
    assert facts.scanner.isprintable()
    assert "<" not in facts.scanner


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"PatientName": "Rao^Asha"}, True),
        ({"PatientName": "P0012", "PatientID": "P0012"}, False),
        ({"PatientName": "Anonymous"}, False),
        ({"PatientName": ""}, False),
        ({"PatientMotherBirthName": "Rao"}, True),
    ],
)
def test_a_pseudonym_is_no_name(fields, named):
    assert name_in(header(**fields)) is named


def test_birth_dates_and_private_tags_are_counted():
    found = header(PatientBirthDate="19600301")
    found.private_block(0x0019, "MAKER", create=True).add_new(0x01, "LO", "secret")
    assert birth_date_in(found)
    assert private_tags_in(found) == 2  # the block's own name is one
    assert not birth_date_in(header())
