from __future__ import annotations

from dashboard.model import reading
from tests.support.desks import a_case


def test_the_verdict_counts_and_names_the_least_sure() -> None:
    cases = [a_case(1, 0.9), a_case(2, 0.6), a_case(3, 0.5, strange=True), a_case(4, 0.75)]
    expected = "4 slices: 2 named, 1 not sure enough, 1 unlike anything trained on. The least sure is slice 2."
    assert reading.verdict(cases, 0.7) == expected
    assert reading.verdict(cases[:1] + cases[3:], 0.7) == "2 slices: 2 named. The least sure is slice 4."
    alike = [a_case(1, 0.9, strange=True), a_case(2, 0.9, strange=True)]
    assert reading.verdict(alike, 0.7) == "2 slices: 0 named, 2 unlike anything trained on."


def test_of_one_slice_it_is_the_answer() -> None:
    assert reading.verdict([a_case(1, 0.9)], 0.7) == "Glioma, 90.0 %."
    unsure = "Not sure enough to name a class: Glioma is likeliest with 60.0 %, below 70 %."
    assert reading.verdict([a_case(1, 0.6)], 0.7) == unsure
    assert reading.verdict([a_case(1, 0.6, strange=True)], 0.7) == "Unlike anything trained on, so there is no answer."


def test_orders() -> None:
    cases = [a_case(1, 0.9), a_case(2, 0.6, "notumor"), a_case(3, 0.99, strange=True), a_case(4, 0.75, "meningioma")]
    labels = {4: "glioma", 1: "glioma"}

    def numbers(order: str) -> list[int]:
        return [case.number for case in reading.ordered(cases, order, labels)]

    assert numbers("Least sure first") == [3, 2, 4, 1]
    assert numbers("Surest first") == [1, 4, 2, 3]
    assert numbers("By class") == [1, 4, 2, 3]
    assert numbers("Where you differ first") == [4, 1, 2, 3]
    assert numbers("As uploaded") == [1, 2, 3, 4]
