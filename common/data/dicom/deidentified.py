"""What a DICOM header holds that de-identification should have taken out. It is counted, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.data.dicom.fields import text_in

if TYPE_CHECKING:
    from pydicom import Dataset

_NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")


def name_in(header: Dataset) -> bool:
    """Tell whether it holds a name; a pseudonym that repeats the patient's number, or says that it is none, is not."""
    number = text_in(header, "PatientID").casefold()
    held = {text_in(header, name).casefold() for name in _NAMES} - {"", number}
    return any("anon" not in name for name in held)


def birth_date_in(header: Dataset) -> bool:
    """Tell whether it holds the patient's date of birth."""
    return bool(text_in(header, "PatientBirthDate"))


def private_tags_in(header: Dataset) -> int:
    """Count the tags outside of the standard: only their maker knows what is in them."""
    return sum(tag.group % 2 for tag in header.keys())  # noqa: SIM118  a dataset iterates over elements
