from __future__ import annotations

from dashboard.data import rounds
from dashboard.data.compared import table
from dashboard.data.compared.differences import Evidence
from dashboard.data.compared.entries import Entry
from dashboard.data.verdicts import compare
from tests.support.compared import made_run, seeds, single


def fed(name: str, right: int, cases: int = 60, seed: int = 7) -> Entry:
    return single(made_run(f"run-{name}", {"A": right}, cases=cases), seed, name)


def said(baseline: Entry | None, *others: Entry, place: str | None = None) -> str:
    entries = [*others, *([baseline] if baseline else [])]
    rows = table.rows(entries, rounds.ACCURACY, baseline, place, Evidence())
    return compare.verdict(rows, baseline, place).text


def test_a_lead_that_the_test_cannot_show() -> None:
    text = said(fed("FedAvg", 51), fed("FedProx", 54))
    assert text.startswith("Not decided. FedProx leads FedAvg by 5.0 points; 60 test slices cannot show that (-")
    assert said(fed("FedAvg", 54), fed("FedProx", 51)).startswith("Not decided. FedAvg leads FedProx by 5.0 points;")


def test_a_lead_that_it_can() -> None:
    text = said(fed("FedAvg", 400, 600), fed("FedProx", 540, 600))
    assert text.startswith("Decided. FedProx is better than FedAvg by 23.3 points (+18.")
    assert said(fed("FedAvg", 540, 600), fed("FedProx", 400, 600)).startswith("Decided. FedAvg is better than FedProx")


def test_no_difference_at_all() -> None:
    assert said(fed("FedAvg", 51), fed("FedProx", 51)).startswith(
        "Not decided. FedProx: 85.0 %; FedAvg: 85.0 %: not distinguish"
    )


def test_over_seeds() -> None:
    one = seeds("FedAvg", {s: made_run(f"run-1{s}", {"A": right}) for s, right in ((1, 48), (2, 51), (3, 50))})
    other = seeds("FedProx", {s: made_run(f"run-2{s}", {"A": right}) for s, right in ((1, 50), (2, 47), (3, 49))})
    text = said(other, one)
    assert text.startswith(
        "Not decided. FedAvg over 3 seeds: 82.8 %; FedProx over 3 seeds: 81.1 %: not distinguishable (-"
    )


def test_one_common_seed_is_said_to_be_one() -> None:
    many = seeds("FedAvg", {7: made_run("run-1", {"A": 51}), 8: made_run("run-2", {"A": 30})})
    text = said(many, fed("FedProx", 54))
    assert ". With seed 7 alone, FedProx is ahead by 5.0 points: not distinguishable (-" in text
    assert "With seed 7 alone, FedProx is better by" in said(many, fed("FedProx · seed 7", 60))


def test_one_hospital_is_named() -> None:
    assert said(fed("FedAvg", 51), fed("FedProx", 54), place="A").startswith("Not decided. At A: FedProx leads")


def test_the_others_are_counted_and_chance_is_mentioned_once_something_is_decided() -> None:
    base = fed("FedAvg", 510, 600)
    text = said(base, fed("FedProx", 560, 600), fed("Krum", 200, 600), fed("FedBN", 512, 600))
    assert "Of the other 2, 1 is worse than the baseline and 1 is not distinguishable from the baseline." in text
    assert "comparison in twenty" in text
    alike = said(base, fed("a", 515, 600), fed("b", 512, 600), fed("c", 511, 600))
    assert alike.endswith("The other 2 are not distinguishable from the baseline.")
    assert "comparison in twenty" not in said(base, *(fed(name, 511, 600) for name in ("a", "b", "c")))


def test_what_cannot_be_said_is_not_said() -> None:
    untested = single(made_run("run-9"), 7, "New")
    assert said(untested, single(made_run("run-8"), 7, "Newer")) == f"Nothing to compare. {compare.NOT_TESTED}"
    assert (
        said(fed("FedAvg", 51))
        == "Nothing to compare. FedAvg: 85.0 % of 60 test slices. Choose a second run to compare it with."
    )
    assert said(fed("FedAvg", 51), untested).endswith("The others have not been tested yet.")
    assert said(untested, fed("a", 51), fed("b", 51)).startswith("Nothing to compare. The baseline has not been tested")
    other = single(made_run("run-7", {"Z": 50}), 7, "Elsewhere")
    assert "Not comparable: they were tested at different hospitals." in said(fed("FedAvg", 51), other)
