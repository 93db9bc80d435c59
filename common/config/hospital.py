"""Who a hospital is: the facts of its YAML file under ``conf/hospital/``, or of the section ``hospital`` of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

import msgspec

from common.config.patient_pattern import compiled
from common.errors import InputError
from common.labels import CLASSES
from common.text import shown

Fact = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Degrees = tuple[
    Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)],
    Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)],
]
_TEXTS = ("name", "dataset_id", "path", "specialty")


@dataclass(frozen=True)
class Hospital:
    """One hospital of the federation."""

    key: str
    """The YAML file's name without ``.yaml``; what ``hospitals=[...]`` lists."""
    name: Fact
    """The name on screens and in artifacts, for example ``"AIIMS Delhi"``."""
    dataset_id: Fact
    """The data set's label, for example ``"dataset-1"``."""
    path: Fact
    """Folder of the slices below the hospital's data root."""
    location: Degrees
    """Latitude and longitude in degrees."""
    specialty: Fact
    """What the hospital is known for."""
    class_map: dict[str, str] = field(default_factory=dict)
    """Folder name (any case, spaces, ``_`` or ``-``) to class name."""
    patient_pattern: str = ""
    """Finds the patient in a file's name, see `common.config.patient_pattern`; ``""`` does not look there."""


def hospital_from(values: Mapping[str, Any], key: str) -> Hospital:
    """Check one hospital's facts, as plain values, and return them typed.

    Raises
    ------
    InputError
        ``CONF006`` if one is missing, unknown or impossible, ``CONF007`` if a class is not one of the four,
        ``CONF013`` if the pattern is not possible.
    """
    try:
        hospital = msgspec.convert(_as_texts(values) | {"key": key}, Hospital, strict=False)
        if unknown := [name for name in values if name not in {each.name for each in fields(Hospital)}]:
            raise ValueError(f"there is no '{shown(unknown[0])}'")
        if strange := [name for name in _TEXTS if not getattr(hospital, name).isprintable()]:
            raise ValueError(f"{strange[0]} holds signs that cannot be printed")
    except (TypeError, ValueError) as error:
        raise InputError(
            "CONF006",
            f"conf/hospital/{key}.yaml does not describe a hospital ({shown(error, 200)}); it needs name, dataset_id, "
            "path, location: [latitude, longitude], specialty and class_map.",
        ) from None
    if wrong := sorted(set(hospital.class_map.values()) - set(CLASSES)):
        raise InputError(
            "CONF007",
            f"conf/hospital/{key}.yaml maps a folder to '{shown(wrong[0])}'; the classes are {', '.join(CLASSES)}.",
        )
    if hospital.patient_pattern:
        try:
            compiled(hospital.patient_pattern)
        except ValueError as error:
            raise InputError("CONF013", f"conf/hospital/{key}.yaml: {error}.") from None
    return hospital


def _as_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Take numbers for texts where YAML could not know better: a folder may be called 2019, or 1."""
    found = {name: str(value) if name in _TEXTS and _is_number(value) else value for name, value in values.items()}
    folders: Any = found.get("class_map")
    if isinstance(folders, dict):
        found["class_map"] = {str(name): label for name, label in folders.items()}
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
