"""A comparison of two recipes in sentences, by ``comparison.json``; nothing of what is missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from common.artifacts.compared.record import ELSEWHERE, OWN
from common.artifacts.external.paired_words import Behind, interval_points, p_text
from common.artifacts.values import count, interval, mapping, number, sequence, text
from common.text import counted, listed

Json = Mapping[str, Any]


def sentences(content: Json) -> Iterator[str]:
    """Say which recipe is better, at the hospitals' own held-back slices and at hospitals that trained neither."""
    results = mapping(content.get("results"))
    for part in (OWN, ELSEWHERE):
        if found := mapping(results.get(part)):
            yield from part_sentences(content, found, part)


def part_sentences(content: Json, found: Json, part: str) -> Iterator[str]:
    """Say what one kind of pairs shows."""
    slices, patients = mapping(found.get("slices")), mapping(found.get("patients"))
    seeds, noun = len(sequence(found.get("seeds"))), group_noun(found)
    ends, difference = interval(slices.get("interval")), number(slices.get("difference"))
    if ends is None or difference is None:
        return
    of, other = str(content.get("of")), str(content.get("with"))
    yield (
        f"{where(found, part)}: {of} is right on {_percent(slices, 'accuracy')} % of slices and {other} on "
        f"{_percent(slices, 'reference_accuracy')} %: {100 * difference:+.1f} points ({interval_points(ends)}), "
        f"{verdict(slices)}."
    )
    groups = number(slices.get("groups")) or 0.0
    needed, smallest = number(slices.get("groups_needed")), number(slices.get("smallest_difference"))
    yield Behind(difference, ends, groups, needed, smallest, noun, seeds).sentence
    if patients_say := _patients(patients, noun):
        yield patients_say
    if (spread := number(slices.get("spread"))) is not None:
        yield f"From seed to seed the difference moves by {100 * spread:.1f} points (standard deviation)."
    if unknown := count(found.get("unknown_class_slices")):
        yield (
            f"{counted(unknown, 'slice')} with each seed, of classes that no training hospital holds, "
            f"{'is' if unknown == 1 else 'are'} not counted."
        )


def where(found: Json, part: str) -> str:
    """Say on which slices: of new patients at the same hospitals, or at hospitals that trained neither model."""
    seeds = listed([str(seed) for seed in sequence(found.get("seeds"))])
    over = f"seed{'s' if len(sequence(found.get('seeds'))) > 1 else ''} {seeds}"
    if part == ELSEWHERE:
        names = listed([str(name) for name in mapping(found.get("per_hospital"))])
        return f"At hospitals that trained neither ({names}; {over})"
    folds = len(sequence(found.get("folds")))
    if folds:
        return f"On held-back slices of the same hospitals ({counted(folds, 'fold')}, {over})"
    return f"On the test slices of the same hospitals, split by groups ({over})"


def verdict(row: Json) -> str:
    """Return ``better``, ``worse`` or ``not distinguishable``, by the 95 % interval."""
    ends = interval(row.get("interval"))
    if ends is None or ends[0] <= 0 <= ends[1]:
        return "not distinguishable"
    return "better" if ends[0] > 0 else "worse"


def group_noun(found: Json) -> str:
    """Return what the groups are: patients, or groups of related slices where patients are guessed."""
    return "group" if text(found.get("patient_source")) == "guessed" else "patient"


def _patients(row: Json, noun: str) -> str | None:
    ends, p = interval(row.get("interval")), number(row.get("mcnemar_p"))
    difference = number(row.get("difference"))
    if ends is None or p is None or difference is None:
        return None
    return (
        f"By whole {noun}s, whose slices vote: {_percent(row, 'accuracy')} and {_percent(row, 'reference_accuracy')} "
        f"%, {100 * difference:+.1f} points ({interval_points(ends)}), {verdict(row)} (exact McNemar test: p "
        f"{p_text(p)})."
    )


def _percent(row: Json, key: str) -> str:
    value = number(row.get(key))
    return "–" if value is None else f"{100 * value:.1f}"
