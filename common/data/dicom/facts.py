"""What a DICOM header says of the case: patient, sex, age, scanner, field, sequence, date; pixels are not read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from common.data.dicom.fields import MOST_LETTERS, number_in, text_in
from common.data.dicom.sequence import sequence_of
from common.data.identity.patients import CaseFacts

if TYPE_CHECKING:
    from pydicom import Dataset

_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_GAUSS = 10_000.0  # a tesla; some old scanners wrote gauss


def facts_of(path: Path) -> CaseFacts:
    """Read one file's facts; empty where it is no DICOM file, where its header cannot be read or does not say."""
    from common.data.dicom.header import read_header

    header = read_header(path)
    return CaseFacts() if header is None else facts_in(header)


def facts_in(header: Dataset) -> CaseFacts:
    """Take the facts out of a header that was read."""
    scanned = _date(header, "AcquisitionDate") or _date(header, "SeriesDate") or _date(header, "StudyDate")
    sex = text_in(header, "PatientSex").upper()
    return CaseFacts(
        patient=text_in(header, "PatientID"),
        sex=sex if sex in ("F", "M", "O") else "",
        age=_age(header, scanned),
        scanner=_scanner(header),
        field_strength=_tesla(header),
        sequence=sequence_of(header),
        date=scanned.isoformat() if scanned else "",
    )


def _date(header: Dataset, name: str) -> date | None:
    found = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)", text_in(header, name))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _age(header: Dataset, scanned: date | None) -> float | None:
    """Years as written, or from the birth date to the scan; 0 to 130."""
    written = re.fullmatch(r"(\d{1,3})([YMWD])", text_in(header, "PatientAge").upper())
    born = _date(header, "PatientBirthDate")
    if written:
        years = int(written[1]) * _YEARS[written[2]]
    elif born and scanned:
        years = float((scanned - born).days // 365.25)
    else:
        return None
    return round(years, 2) if 0 <= years <= 130 else None


def _scanner(header: Dataset) -> str:
    maker, model = text_in(header, "Manufacturer"), text_in(header, "ManufacturerModelName")
    both = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}"
    return both.strip()[:MOST_LETTERS]


def _tesla(header: Dataset) -> float | None:
    field = number_in(header, "MagneticFieldStrength")
    if field is None or field <= 0:
        return None
    return round(field / _GAUSS if field > 100 else field, 2)
