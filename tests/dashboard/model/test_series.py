from __future__ import annotations

import random

import numpy as np
import pytest

from dashboard.model.series import Place, in_order, place_of
from tests.support.uploads import dicom, png

AXIAL = [1, 0, 0, 0, 1, 0]


def test_a_series_is_ordered_by_position_and_stands_where_its_first_file_came() -> None:
    places = [None, Place("a", 3, 30.0), None, Place("a", 1, 50.0), Place("a", 2, 10.0)]
    assert in_order(places) == [0, 4, 1, 3, 2]


def test_without_a_position_of_every_file_the_instance_number_decides() -> None:
    assert in_order([Place("a", 3, 30.0), Place("a", 1, None), Place("a", 2, 10.0)]) == [1, 2, 0]


def test_two_series_stay_apart_and_files_without_a_series_as_they_came() -> None:
    places = [Place("b", 2, None), Place("a", 2, None), Place("b", 1, None), Place("", 9, None), Place("a", 1, None)]
    assert in_order(places) == [2, 0, 4, 1, 3]


def test_the_order_does_not_depend_on_the_order_of_the_upload() -> None:
    places = [Place("a", i, -4.5 * i) for i in range(20)]
    random.Random(0).shuffle(places)
    assert [places[i].instance for i in in_order(places)] == [*range(19, -1, -1)]


def test_what_a_header_says_of_a_place() -> None:
    pytest.importorskip("pydicom")
    told = dicom(
        SeriesInstanceUID="1.2.3",
        InstanceNumber=7,
        ImageOrientationPatient=AXIAL,
        ImagePositionPatient=[-100, -120, 12.5],
    )
    assert place_of(told) == Place("1.2.3", 7, 12.5)
    assert place_of(dicom()) == Place("", None, None)
    odd = dicom(ImageOrientationPatient=AXIAL, ImagePositionPatient=[1, 2])
    assert place_of(odd) == Place("", None, None)
    assert place_of(png()) is None
    assert place_of(bytes(128) + b"DICM" + bytes(np.arange(200, dtype=np.uint8))) is None
