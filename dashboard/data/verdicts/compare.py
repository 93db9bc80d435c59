"""A comparison in one or two sentences: who leads, and whether that can be told from chance."""

from collections.abc import Sequence

from common.artifacts.external.paired_words import interval_points
from common.study.statistics import BETTER, SMALL, UNDECIDED, UNKNOWN, WORSE
from common.text import counted, listed
from dashboard.charts import formats
from dashboard.data.compared.differences import Difference
from dashboard.data.compared.entries import Entry, Standing
from dashboard.data.compared.table import Row
from dashboard.data.verdicts.verdict import Verdict

NOT_TESTED = "None of these runs has been tested yet; the curves show validation only."
MANY = 3
"""Runs that are compared without a word on chance."""
DECIDED, OPEN, NOTHING = "Decided", "Not decided", "Nothing to compare"


def verdict(rows: Sequence[Row], baseline: Entry | None, place: str | None = None) -> Verdict:
    """Say which of the compared runs is best in the test, and whether chance could have done it."""
    tested = [(row, row.test) for row in rows if row.test is not None]
    at = f"At {place}: " if place else ""
    base = next((test for row, test in tested if row.entry is baseline), None)
    others = [(row, test) for row, test in tested if row.entry is not baseline]
    if base is None or not others:
        return Verdict("caution", (f"{at}{_alone(rows, [test for _, test in tested])}",), NOTHING)
    row, leader = max(others, key=lambda pair: pair[1].accuracy)
    first = _two(leader, base, row.to_baseline)
    rest = _rest([other.to_baseline for other, _ in others if other is not row])
    behind = f"That rests on {row.to_baseline.behind}" if row.to_baseline.behind else ""
    said = tuple(part for part in (f"{at}{first}", behind, rest, _many(rows)) if part)
    return Verdict("fine", said, DECIDED) if row.to_baseline.decided else Verdict("caution", said, OPEN)


def _alone(rows: Sequence[Row], tested: Sequence[Standing]) -> str:
    """Say why there is nothing to compare."""
    if not tested:
        return NOT_TESTED
    if len(rows) == 1:
        return f"{_one(tested[0])} Choose a second run to compare it with."
    if len(tested) == 1:
        return f"{_one(tested[0])} The others have not been tested yet."
    return "The baseline has not been tested; choose one that has to see which run is better."


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
        alone = f"{both}. With seed {found.seed} alone, {first.entry.unseeded}"
        if found.kind == BETTER:
            return f"{alone} is better by {size} points{ends}."
        return f"{alone} is ahead by {size} points: not distinguishable{ends}."
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
    counts = (
        (kinds.count(BETTER), "better than the baseline"),
        (kinds.count(WORSE), "worse than the baseline"),
        (kinds.count(UNDECIDED) + kinds.count(SMALL), "not distinguishable from the baseline"),
        (kinds.count(UNKNOWN), "not comparable with the baseline"),
    )
    told = [f"{count} {'is' if count == 1 else 'are'} {what}" for count, what in counts if count]
    if len(told) == 1:
        return f"The other {told[0].removeprefix('1 ')}."
    return f"Of the other {len(others)}, {listed(told)}." if others else ""


def _many(rows: Sequence[Row]) -> str:
    if len(rows) <= MANY or not any(row.to_baseline.decided for row in rows):
        return ""
    return "Chance alone decides about one comparison in twenty."
