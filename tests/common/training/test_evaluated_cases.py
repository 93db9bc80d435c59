import numpy as np
import pytest

from common.data.identity.patients import CaseFacts, Patients
from common.training.evaluated_cases import age_band, evaluated_cases


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0.2, "0 to 17"),
        (17.9, "0 to 17"),
        (18, "18 to 39"),
        (79, "60 to 79"),
        (80, "80 and over"),
        (None, ""),
        (-1, ""),
    ],
)
def test_an_age_is_told_as_a_band(age, band):
    assert age_band(age) == band


def test_what_is_known_is_that_of_the_evaluated_slices_in_their_order():
    facts = (CaseFacts(sex="F", age=45.0), CaseFacts(), CaseFacts(sex="M", scanner="Skyra"))
    patients = Patients(np.array([0, 1, 2]), ("manifest", "guessed", "manifest"), facts)
    cases = evaluated_cases(patients, np.array([2, 0]), 10)
    assert cases.patient.tolist() == [2, 0]
    assert (cases.source, cases.smallest_cell) == ("manifest", 10)
    assert cases.groupings["sex"] == ["male", "female"]
    assert cases.groupings["scanner"] == ["Skyra", ""]
