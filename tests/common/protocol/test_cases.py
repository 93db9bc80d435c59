"""Counts of cases in a message: what was written is read, of one size, and what does not fit is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flwr.app import ConfigRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from common.metrics.case_figures import case_figures
from common.metrics.case_sums import Cases, CaseSums, count_cases
from common.metrics.clusters import INDEPENDENT
from common.metrics.confusion import count_confusion
from common.metrics.likeness.counts import LikenessCounts
from common.metrics.subgroups import Subgroup, Subgroups
from common.protocol.cases import cases_record, read_cases
from common.protocol.postprocess import UnusableAnswer
from tests.common.metrics.test_case_figures import hospital
from tests.common.protocol.test_answers import NUMBERS, VALUES, read_or_refused, spoilt

AT = hospital(60, 3)
SUMS = AT.sums
CONFUSION = count_confusion(AT.labels, AT.probabilities.argmax(axis=1))
RECORD = dict(cases_record(SUMS))


def same(one: CaseSums, other: CaseSums) -> bool:
    return cases_record(one) == cases_record(other)


def test_what_is_written_is_read():
    assert same(read_cases(dict(ConfigRecord(RECORD)), CONFUSION), SUMS)
    assert [each.cell for each in SUMS.subgroups.cells] == ["female", "male"]


def test_what_leaves_is_of_one_size_whatever_the_number_of_cases():
    """But for the names and counts of the subgroups, of which there are 48 at most."""
    sizes = set()
    for cases in (0, 5, 200, 20_000):
        record = dict(cases_record(hospital(cases, 1).sums))
        assert ConfigRecord(record).count_bytes() < 150_000
        record.pop("subgroups")
        sizes.add(ConfigRecord(record).count_bytes())
    assert len(sizes) == 1


def test_the_largest_message_is_far_below_a_megabyte():
    cell = Subgroup("scanner", "x" * 60, 10**6, np.full((4, 4), 10**6))
    record = dict(cases_record(replace(SUMS, subgroups=Subgroups((cell,) * 48, 10**6))))
    assert ConfigRecord(record).count_bytes() < 180_000


def by_likeness(cases: int, low: float) -> CaseSums:
    each = hospital(cases, 3)
    likeness = np.random.default_rng(1).uniform(low, 1, cases)
    return count_cases(each.probabilities, each.labels, Cases(each.patient, "manifest", {}, likeness=likeness))


@pytest.mark.parametrize(("cases", "low", "bins"), [(600, 0.7, 6), (60, 0.7, 3), (60, 0.99, 6), (5, 0.7, 1)])
def test_counts_by_likeness_are_read_as_written_and_their_size_says_nothing(cases, low, bins):
    sums, each = by_likeness(cases, low), hospital(cases, 3)
    record = dict(ConfigRecord(dict(cases_record(sums))))
    confusion = count_confusion(each.labels, each.probabilities.argmax(axis=1))
    assert read_cases(record, confusion).likeness == sums.likeness
    assert len(sums.likeness.slices) == bins
    assert len(record["likeness"]) == 23


def test_an_answer_without_counts_by_likeness_is_that_of_an_older_hospital():
    assert "likeness" not in RECORD
    assert read_cases(RECORD, CONFUSION).likeness is None


@pytest.mark.parametrize("place", [0, 5, 10, 11, 16, 22])
def test_counts_by_likeness_that_are_no_bins_are_refused(place):
    numbers = list(cases_record(by_likeness(60, 0.7))["likeness"])
    numbers[place] = 2 if place < 5 else numbers[place] + 1
    with pytest.raises(UnusableAnswer, match=r"cannot be read|by likeness do not fit"):
        read_cases({**RECORD, "likeness": numbers}, CONFUSION)


def test_no_case_is_an_honest_answer():
    nothing = count_cases(np.zeros((0, 4)), np.zeros(0, np.int64), Cases(np.zeros(0, np.int64)))
    assert same(read_cases(cases_record(nothing), np.zeros((4, 4), np.int64)), nothing)


@pytest.mark.parametrize("scale", [0.0, 0.3, 3.0, 60.0])
def test_honest_answers_fit_however_sure_the_network_is(scale):
    each = hospital(300, 2, scale)
    confusion = count_confusion(each.labels, each.probabilities.argmax(axis=1))
    assert same(read_cases(cases_record(each.sums), confusion), each.sums)


def moved(scores: np.ndarray, index: int, side: int, start: int, end: int) -> np.ndarray:
    """One case of a class from a bin to another; bins count from the end where negative."""
    changed = scores.copy()
    filled = np.flatnonzero(changed[index, side])
    changed[index, side, filled[start]] -= 1
    changed[index, side, end] += 1
    return changed


CELLS = SUMS.subgroups.cells
WRONG: dict[str, CaseSums] = {
    "counts by score do not fit": replace(SUMS, scores=SUMS.scores + 1),
    "counts by score do not fit its": replace(SUMS, scores=SUMS.scores[:, ::-1]),
    "its Brier": replace(SUMS, brier=(0.0, *SUMS.brier[1:])),
    "its Brier score": replace(SUMS, brier=(1e9, *SUMS.brier[1:])),
    "counts of patients do not": replace(SUMS, patient_confusion=60 * SUMS.patient_confusion),
    "counts of patients": replace(SUMS, patient_confusion=0 * SUMS.patient_confusion, patient_scores=0 * SUMS.scores),
    "patients' counts by score": replace(SUMS, patient_scores=SUMS.scores),
    "design effects": replace(SUMS, effects=replace(INDEPENDENT, accuracy=0.5)),
    "design effects cannot": replace(SUMS, effects=replace(INDEPENDENT, own=(1.0, 1.0, 1.0, 61.0))),
    "twice": replace(SUMS, subgroups=Subgroups((CELLS[0], CELLS[0]))),
    "cannot be shown": replace(SUMS, subgroups=Subgroups((replace(CELLS[0], cell="<b>"),))),
    "patients do not fit its slices": replace(SUMS, subgroups=Subgroups((replace(CELLS[0], patients=61),))),
    "subgroups do not fit": replace(SUMS, subgroups=Subgroups((CELLS[0], replace(CELLS[0], cell="other")))),
    "counts by likeness do not": replace(SUMS, likeness=LikenessCounts((2,), (30, 31), (20, 20), (20, 20))),
    "subgroups do not": replace(SUMS, subgroups=Subgroups((replace(CELLS[0], confusion=CONFUSION + 1),))),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_does_not_fit_is_refused(said):
    with pytest.raises(UnusableAnswer, match=said):
        read_cases(cases_record(WRONG[said]), CONFUSION)


def test_other_patients_than_were_described_are_refused():
    assert read_cases(RECORD, CONFUSION, SUMS.patients)
    with pytest.raises(UnusableAnswer, match="evaluated 12 patients, but it described 13"):
        read_cases(RECORD, CONFUSION, 13)


def test_scores_that_the_confusion_matrix_denies_are_refused():
    """Each slice that was not named glioma moved above a half, or each that was below a quarter."""
    for end in (-1, 0):
        scores = SUMS.scores.copy()
        total = scores[0].sum(axis=1)
        scores[0] = 0
        scores[0, :, end] = total
        with pytest.raises(UnusableAnswer, match="do not fit its counts by class"):
            read_cases(cases_record(replace(SUMS, scores=scores)), CONFUSION)


@pytest.mark.parametrize(
    "change",
    [
        {"scores": b""},
        {"scores": RECORD["scores"] + b"\0"},
        {"patient-source": "an oracle"},
        {"subgroups": "[" * 40_000},
        {"subgroups": '[{"by": "name", "cell": "x", "patients": 1, "confusion": []}]'},
        {"subgroups": "no JSON"},
        {"effects": [1.0] * 12},
        {"brier": [float("nan")] * 4},
        {"patient-confusion": [-1] + [0] * 15},
        {"likeness": [0] * 22},
        {"likeness": "none"},
    ],
)
def test_what_cannot_be_read_is_refused(change):
    with pytest.raises(UnusableAnswer, match="cannot be read"):
        read_cases({**RECORD, **change}, CONFUSION)


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(st.one_of(VALUES, spoilt(RECORD), spoilt(RECORD, NUMBERS), spoilt(RECORD, st.binary(max_size=9))))
def test_any_record_is_refused_or_makes_figures(record: Any):
    read = read_or_refused(read_cases, record, CONFUSION)
    assert read is None or case_figures([read])
