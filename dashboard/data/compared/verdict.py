"""A comparison in one or two sentences: who leads, and whether that can be told from chance."""

from collections.abc import Sequence

from common.artifacts.external.comparison import interval_points
from common.study.statistics import BETTER, SMALL, UNDECIDED, UNKNOWN, WORSE
from common.text import counted, listed
from dashboard.charts import formats
from dashboard.data.compared.differences import Difference
from dashboard.data.compared.entries import Entry, Standing
from dashboard.data.compared.table import Row

NOT_TESTED = "None of these runs has been tested yet; the curves show validation only."
MANY = 3
"""Runs that are compared without a word on chance."""


def sentence(rows: Sequence[Row], baseline: Entry | None, place: str | None = None) -> str:
    """Say which of the compared runs is best in the test, as plain text."""
    tested = [(row, row.test) for row in rows if row.test is not None]
    at = f"At {place}: " if place else ""
    if not tested:
        return NOT_TESTED
    if len(rows) == 1:
        return f"{at}{_one(tested[0][1])} Choose a second run to compare it with."
    if len(tested) == 1:
        return f"{at}{_one(tested[0][1])} The others have not been tested yet."
    base = next((test for row, test in tested if row.entry is baseline), None)
    if base is None:
        return f"{at}The baseline has not been tested; choose one that has to see which run is better."
    others = [(row, test) for row, test in tested if row.entry is not baseline]
    row, leader = max(others, key=lambda pair: pair[1].accuracy)
    first = _two(leader, base, row.to_baseline)
    rest = [other.to_baseline for other, _ in others if other is not row]
    return " ".join(part for part in (f"{at}{first}", _rest(rest), _many(rows)) if part)


def _one(found: Standing) -> str:
    of = f" of {counted(found.cases, 'test slice')}" if found.cases else ""
    return f"{_value(found)}{of}."


def _value(found: Standing) -> str:
    return f"{_over(found)}: {formats.percent(found.accuracy)}"


def _over(found: Standing) -> str:
    return f"{found.entry.name} over {len(found.entry.runs)} seeds" if found.entry.repeated else found.entry.name


def _two(one: Standing, base: Standing, difference: Difference) -> str:
    """Say how the best of the others stands to the baseline, whichever leads."""
    if difference.value is not None and difference.value < 0:
        return _leads(base, one, difference.turned())
    return _leads(one, base, difference)


def _leads(first: Standing, second: Standing, found: Difference) -> str:
    both = f"{_value(first)}; {_value(second)}"
    if found.value is None:
        return f"{both}. Not comparable: {found.how}."
    size = f"{abs(found.value) * 100:.1f}"
    ends = f" ({interval_points(found.interval)})" if found.interval else ""
    if found.kind == UNKNOWN:
        return f"{both}: {size} points apart. Chance cannot be ruled out: {found.how}."
    if found.seed is not None:
        said = {BETTER: "better"}.get(found.kind, "not distinguishable")
        return f"{both}. With seed {found.seed} alone {first.entry.name} is ahead by {size} points{ends}: {said}."
    if found.kind == BETTER:
        return f"{_over(first)} is better than {_over(second)} by {size} points{ends}."
    if found.kind == SMALL:
        return f"{both}: {size} points apart{ends}, less than the seeds differ. Nothing to count on."
    if first.entry.repeated or second.entry.repeated or size == "0.0":
        return f"{both}: not distinguishable{ends}."
    return f"{first.entry.name} leads {second.entry.name} by {size} points; {_slices(first, second)}{ends}."


def _slices(first: Standing, second: Standing) -> str:
    counts = sorted({each.cases for each in (first, second) if each.cases})
    if not counts:
        return "the test cannot show that"
    return f"{' and '.join(f'{each:,}' for each in counts)} test slices cannot show that"


def _rest(others: Sequence[Difference]) -> str:
    """Count the others by what can be said of them."""
    kinds = [each.kind for each in others]
    better, worse = kinds.count(BETTER), kinds.count(WORSE)
    same, unknown = kinds.count(UNDECIDED) + kinds.count(SMALL), kinds.count(UNKNOWN)
    said = [
        f"{better} better" * bool(better),
        f"{worse} worse" * bool(worse),
        f"{same} not distinguishable" * bool(same),
        f"{unknown} not comparable" * bool(unknown),
    ]
    told = listed([each for each in said if each])
    return f"Of the other {len(others)}, beside the baseline: {told}." if others else ""


def _many(rows: Sequence[Row]) -> str:
    if len(rows) <= MANY or not any(row.to_baseline.decided for row in rows):
        return ""
    return "Where so many are compared at once, about one in twenty looks decided by chance alone."
