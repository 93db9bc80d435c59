"""Whether a tested model is any good: the classes that it finds, and whether guessing would do as well."""

from collections.abc import Sequence

import numpy as np

from common.labels import NUM_CLASSES
from common.text import listed
from dashboard.charts import formats
from dashboard.data import facts
from dashboard.data.results import ClassResult, Result
from dashboard.data.verdicts.verdict import Verdict, about, apart, class_word, rounded, sentence

CHANCE = 1 / NUM_CLASSES
"""How often a guess among the classes finds one of them."""
BETTER = "Better than guessing"


def of_test(tested: Result, doubts: int = 0) -> Verdict:
    """Judge a test over all hospitals.

    Parameters
    ----------
    doubts : int
        Reasons that are known to distrust its figures.
    """
    held = [row for row in tested.classes if row.support and row.recall.value is not None]
    if missed := [row for row in held if (row.recall.value or 0.0) <= CHANCE]:
        return Verdict("refuse", (_always_the_same(tested) or _found_and_missed(held, missed),))
    if same := _like_commonest(tested):
        return Verdict("refuse", (same,))
    return _usable(tested, held, doubts)


def lowest_recalls(tested: Result) -> list[ClassResult]:
    """Return every class at the lowest recall, in label order; none where no class was tested."""
    known = [row for row in tested.classes if row.recall.value is not None]
    lowest = min((row.recall.value or 0.0 for row in known), default=0.0)
    return [row for row in known if row.recall.value == lowest]


def lowest_sentence(tested: Result) -> str | None:
    """Name every class at the lowest recall with its cases: "Meningioma and glioma: 0 of 18 and 0 of 20"."""
    rows = lowest_recalls(tested)
    if not rows:
        return None
    names, cases = listed([class_word(row.name) for row in rows]), listed([_cases(row) for row in rows])
    return sentence(f"{names}: {cases}")


def _always_the_same(tested: Result) -> str | None:
    """Say that a model names every slice alike, which is no recognising; None for any other."""
    named = [] if tested.confusion is None else np.flatnonzero(tested.confusion.sum(axis=0)).tolist()
    if len(named) != 1:
        return None
    return f"Names every slice {class_word(tested.classes[named[0]].name)} and so recognises none."


def _found_and_missed(held: Sequence[ClassResult], missed: Sequence[ClassResult]) -> str:
    """Say which classes are recognised, and which no more often than by chance, or never."""
    never = [row for row in missed if not row.recall.value]
    rarely = [row for row in missed if row.recall.value]
    good = [row for row in held if row not in missed and _above_chance(row)]
    unsure = [row for row in held if row not in missed and not _above_chance(row)]
    said = [
        f"recognises {_named(good)}" if good else "",
        f"never finds {_named(never)}" if never else "",
        f"finds {_named(rarely)} no more often than by chance" if rarely else "",
        f"cannot be shown to find {_named(unsure)} more often than by chance" if unsure else "",
    ]
    return sentence("; ".join(part for part in said if part)) + "."


def _like_commonest(tested: Result) -> str | None:
    """Say that to name the commonest class always would do as well; None where the test shows more."""
    if tested.confusion is None or tested.accuracy.interval is None or tested.accuracy.value is None:
        return None
    support = tested.confusion.sum(axis=1)
    commonest, share = int(np.argmax(support)), float(support.max() / support.sum())
    if tested.accuracy.interval[0] > share:
        return None
    shown = "is worse than" if tested.accuracy.interval[1] < share else "cannot be told from"
    right = f"Right for {about(tested.accuracy)} of {facts.small(tested.n_test)} test slices"
    return f"{right}: that {shown} always naming {class_word(tested.classes[commonest].name)} ({rounded(share)} %)."


def _usable(tested: Result, held: Sequence[ClassResult], doubts: int) -> Verdict:
    unsure = [row for row in held if not _above_chance(row)]
    untested = [class_word(row.name) for row in tested.classes if row.support == 0]
    said = [_least_often(held) if len(held) > 1 else f"Right for {about(tested.accuracy)} of the test slices."]
    if tested.accuracy.interval is None:
        said = [f"Right for {about(tested.accuracy)} of the test slices; how sure that is was not recorded."]
    elif unsure:
        said.append(f"Cannot be shown to find {_named(unsure)} more often than by chance.")
    if untested:
        said.append(f"Not one test slice of {listed(untested)}.")
    careful = unsure or untested or tested.accuracy.interval is None
    if doubts:
        reasons = "one reason" if doubts == 1 else f"{doubts} reasons"
        said.append(f"There {'is' if doubts == 1 else 'are'} {reasons} to doubt these figures.")
    return Verdict("caution", tuple(said)) if careful or doubts else Verdict("fine", tuple(said), BETTER)


def _least_often(held: Sequence[ClassResult]) -> str:
    """Say which class is found least often, that it could be chance where it could, and how often the others are."""
    first, *others = sorted(held, key=lambda row: row.recall.value or 0.0)
    values = [row.recall.value or 0.0 for row in others]
    if first.recall.value == values[0]:
        return f"Every class is found about equally often: {rounded(values[0])} to {rounded(values[-1])} %."
    sure = all(apart(first.recall.interval, row.recall.interval) for row in others)
    chance = "" if sure else ", though that could be chance"
    ends = " to ".join(dict.fromkeys(map(rounded, (values[0], values[-1]))))
    rest = listed([class_word(row.name) for row in held if row is not first])
    return f"{sentence(class_word(first.name))} is found least often: {about(first.recall)}{chance}. " + sentence(
        f"{rest}: {ends} %."
    )


def _above_chance(row: ClassResult) -> bool:
    return row.recall.interval is not None and row.recall.interval[0] > CHANCE


def _named(rows: Sequence[ClassResult]) -> str:
    return listed([f"{class_word(row.name)} ({_cases(row)})" for row in rows])


def _cases(row: ClassResult) -> str:
    """Write how many cases of a class were found, a small class without its numbers."""
    hits, cases = round((row.recall.value or 0.0) * (row.support or 0)), facts.small(row.support)
    if cases == formats.whole(row.support):
        return f"{hits:,} of {cases}"
    return f"{'some' if hits else 'none'} of {cases}"
