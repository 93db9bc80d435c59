"""The order of uploaded files: as they came, but the slices of a DICOM series by where they lie in the head."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.data.dicom.fields import number_in, text_in
from common.data.dicom.header import header_in


@dataclass(frozen=True)
class Place:
    """Where a file stands in its series; neither leaves this server."""

    series: str
    instance: int | None
    """DICOM's own number of the image in its series."""
    position: float | None
    """Millimetres along the series' normal."""


def place_of(content: bytes) -> Place | None:
    """Read where a DICOM file stands; None for any other file and where the header cannot be read."""
    header = header_in(content)
    if header is None:
        return None
    number = number_in(header, "InstanceNumber")
    instance = int(number) if number is not None and 0 <= number < 10**6 else None
    return Place(text_in(header, "SeriesInstanceUID"), instance, _position(header))


def in_order(places: Sequence[Place | None]) -> list[int]:
    """Return the files' numbers in the order to show them in; a series stands where its first file came.

    A series is ordered by position where each of its files has one, else by instance number.
    """
    series = defaultdict[str, list[int]](list)
    for i, place in enumerate(places):
        if place is not None and place.series:
            series[place.series].append(i)
    keys: list[tuple[float, ...]] = [(i, 0.0, 0.0, i) for i in range(len(places))]
    for members in series.values():
        found = [(i, place) for i in members if (place := places[i]) is not None]
        placed = all(place.position is not None for _, place in found)
        for i, place in found:
            position = place.position if placed and place.position is not None else 0.0
            keys[i] = (members[0], position, float("inf") if place.instance is None else place.instance, i)
    return sorted(range(len(places)), key=keys.__getitem__)


def _position(header: Any) -> float | None:
    """Return how far along the normal of its plane a slice lies, or None where the header does not tell."""
    try:
        axes = np.asarray(header.get("ImageOrientationPatient"), dtype=np.float64)
        corner = np.asarray(header.get("ImagePositionPatient"), dtype=np.float64)
        found = float(np.cross(axes[:3], axes[3:]) @ corner) if axes.shape == (6,) and corner.shape == (3,) else None
    except Exception:  # pydicom converts on access, and damage shows only then, as nearly any built-in error
        return None
    return found if found is not None and np.isfinite(found) else None
