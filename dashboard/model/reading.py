"""What the slices on a desk say together: in words, and in the order in which a reader wants them."""

from collections.abc import Callable, Mapping, Sequence

from common.labels import CLASSES
from common.text import counted
from dashboard.charts import formats, theme
from dashboard.model.desk import Case

UNSURE = "Not sure enough to name a class"
UNFAMILIAR = "Unlike anything trained on"

Labels = Mapping[int, str]
"""The reader's own, by a slice's number."""

LEAST_SURE = "Least sure first"
_KEYS: dict[str, Callable[[Case, Labels], tuple[float, ...]]] = {
    LEAST_SURE: lambda case, _: (not case.prediction.unfamiliar, case.prediction.confidence),
    "Surest first": lambda case, _: (case.prediction.unfamiliar, -case.prediction.confidence),
    "By class": lambda case, _: (case.prediction.unfamiliar, CLASSES.index(case.prediction.likeliest)),
    "Where you differ first": lambda case, labels: (
        labels.get(case.number, case.prediction.likeliest) == case.prediction.likeliest,
    ),
    "As uploaded": lambda case, _: (),
}
ORDERS = tuple(_KEYS)


def ordered(cases: Sequence[Case], order: str, labels: Labels) -> list[Case]:
    """Return the slices in one of the `ORDERS`; those that are alike in it by number."""
    key = _KEYS[order]
    return sorted(cases, key=lambda case: (*key(case, labels), case.number))


def answer(case: Case, threshold: float) -> str:
    """Return what the model says of a slice, in few words."""
    call = case.prediction.call(threshold)
    if call is not None:
        return theme.class_title(call)
    return UNFAMILIAR if case.prediction.unfamiliar else UNSURE


def short(case: Case, threshold: float) -> str:
    """Return the same in two words, where there is little room."""
    call = case.prediction.call(threshold)
    if call is not None:
        return theme.class_title(call)
    return "Unlike training" if case.prediction.unfamiliar else "Not sure"


def sentence(case: Case, threshold: float) -> str:
    """Return the same with how likely it is."""
    found, words = case.prediction, answer(case, threshold)
    if found.unfamiliar:
        return f"{words}, so there is no answer."
    if found.call(threshold) is not None:
        return f"{words}, {formats.percent(found.confidence)}."
    likeliest = f"{theme.class_title(found.likeliest)} is likeliest with {formats.percent(found.confidence)}"
    return f"{words}: {likeliest}, below {threshold * 100:.0f} %."


def verdict(cases: Sequence[Case], threshold: float) -> str:
    """Return what the desk holds, in a sentence or two."""
    if len(cases) == 1:
        return sentence(cases[0], threshold)
    strange = sum(case.prediction.unfamiliar for case in cases)
    named = sum(case.prediction.call(threshold) is not None for case in cases)
    unsure = len(cases) - named - strange
    parts = [f"{named} named"]
    parts += [f"{unsure} not sure enough"] if unsure else []
    parts += [f"{strange} unlike anything trained on"] if strange else []
    told = f"{counted(len(cases), 'slice')}: {', '.join(parts)}."
    answered = [case for case in cases if not case.prediction.unfamiliar]
    if not answered:
        return told
    least = min(answered, key=lambda case: (case.prediction.confidence, case.number))
    return f"{told} The least sure is slice {least.number}."
