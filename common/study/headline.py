"""What a study says first: its most honest figure, and which one that is."""

from common.study.figures import over_seeds
from common.study.records import Study
from common.study.statistics import ACCURACY, Estimate, many, seeds
from common.study.unseen import UNSEEN, Unseen

OWN_SPLIT = "test slices of the same hospitals, split by groups"


def headline(study: Study) -> str | None:
    """Say how good the strategy in question is, by the most honest figures at hand; None where there are none.

    A new hospital comes before a new patient, and that before the run's own split.
    """
    strategy = study.federated or next(iter(study.sharing), None)
    if strategy is None:
        return None
    for kind in UNSEEN:
        if found := UNSEEN[kind](study, strategy):
            return sentence(study, found)
    own = None if study.folds else over_seeds(study, strategy, ACCURACY, study.hospitals)
    return f"On {OWN_SPLIT}, {strategy} names {share_text(own)} right." if own else None


def sentence(study: Study, found: Unseen) -> str:
    """Say a strategy's accuracy on what it did not see, where it is lowest and highest, and what its own split says."""
    at = "At a hospital that did not train it" if found.kind == "external" else "For a patient that it did not see"
    worst, best = found.worst, found.best
    spread = ""
    if worst and best:
        ends = [f"{100 * found.hospitals[name].mean:.1f} % at {name}" for name in (worst, best)]
        spread = f", from {ends[0]} to {ends[1]}"
    own = f" Its own split says {100 * found.own_split.mean:.1f} %." if found.own_split else ""
    return f"{at}, {found.strategy} names {share_text(found.accuracy)} right{spread}.{own}"


def share_text(found: Estimate) -> str:
    """Write a share of slices with its interval: "70.1 % of slices (66.0 to 74.0)"."""
    ends = f" ({100 * found.interval[0]:.1f} to {100 * found.interval[1]:.1f})" if found.interval else ""
    return f"{100 * found.mean:.1f} % of slices{ends}"


def meaning(study: Study, kind: str) -> str:
    """Say in one sentence how the slices were tested that a question is answered with."""
    if kind == "folds":
        return (
            f"Each hospital's groups (patients, where they are known) were dealt into {many(study.folds, 'fold')}; "
            "each slice was tested once, by a model that saw no other slice of its group."
        )
    return (
        "Each hospital in turn was left out of training and was then the test, with every usable slice: other scanners "
        "and other patients. Classes that no other hospital holds do not count."
    )


SPEAKS_OF = {
    "folds": "They speak of new patients of these hospitals, not of another hospital.",
    "external": "They speak of new patients of these hospitals; another hospital may lie outside, as these do among "
    "each other.",
}
_AMONG = {"folds": "folds, paired by seed and corrected for what they share", "external": "hospitals"}


def rests_on(study: Study, kind: str) -> str:
    """Say what the intervals are made of, and what they speak of."""
    moved = "" if len(study.seeds) == 1 else f", with what {seeds(len(study.seeds))} move the mean"
    made = f"95 % intervals are over groups of related slices{moved}; those of differences over {_AMONG[kind]}."
    return f"{made} {SPEAKS_OF[kind]}"
