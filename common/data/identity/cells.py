"""What the cells of a manifest say, as numbers and words that mean the same everywhere; else ValueError."""

import math
import re
import unicodedata
from datetime import date

MOST_SIGNS = 200
"""Of a cell."""

# What archives and spreadsheets write where they mean "not known"; as `patient_key` writes it.
NOBODY = frozenset(
    {"", "-", "--", "?", ".", "0", "n/a", "na", "nan", "nil", "no name", "none", "null", "unknown", "unspecified"}
    | {"anon", "anonym", "anonymous", "anonymized", "anonymised", "anonymisiert", "anonymizedpatient", "patient"}
    | {"deidentified", "de-identified", "removed", "redacted", "withheld", "unbekannt", "unk", "x", "xxx", "xxxx"}
)
_SEXES = {"f": "F", "female": "F", "w": "F", "m": "M", "male": "M", "o": "O", "other": "O", "d": "O"}
_DICOM_AGE = re.compile(r"(\d{3})([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_OLDEST, _STRONGEST = 130, 30


def patient_key(text: str) -> str:
    """Write a patient's id as it counts: spelling, case and spaces do not; ``""`` for the words that mean nobody."""
    key = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return "" if key in NOBODY else key


def sex(text: str) -> str:
    """Return F, M or O; ``""`` where it is not known."""
    if not patient_key(text) or text.casefold() == "u":
        return ""
    if (found := _SEXES.get(text.casefold())) is None:
        raise ValueError("sex takes F, M or O")
    return found


def age(text: str) -> float | None:
    """Return years, from a number or from DICOM's ``045Y``; a comma may stand for the point."""
    if _is_empty(text):
        return None
    if found := _DICOM_AGE.fullmatch(text.upper()):
        return int(found[1]) * _YEARS[found[2]]
    return _number(text, 0, _OLDEST, f"age takes years from 0 to {_OLDEST}")


def field_strength(text: str) -> float | None:
    """Return tesla; a ``T`` may follow the number."""
    if _is_empty(text):
        return None
    bare = text[:-1].rstrip() if text[-1] in "tT" else text
    return _number(bare, 0.001, _STRONGEST, f"field_strength takes tesla up to {_STRONGEST}")


def day(text: str) -> str:
    """Return a date as YYYY-MM-DD; DICOM's YYYYMMDD is one, too."""
    if _is_empty(text):
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("date takes YYYY-MM-DD") from None


def _is_empty(text: str) -> bool:
    return text != "0" and not patient_key(text)


def _number(text: str, least: float, most: float, takes: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(takes) from None
    if not math.isfinite(number) or not least <= number <= most:
        raise ValueError(takes)
    return number
