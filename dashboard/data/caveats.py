"""What a reader must know before believing a run's figures: one sentence each, no more than what the files prove."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.artifacts import schema, words
from common.artifacts.values import count, mapping, texts
from common.metrics import confusion
from common.overlap.matches import CrossDuplicates
from common.text import listed
from dashboard.charts import theme
from dashboard.data import facts, results


@dataclass(frozen=True)
class Remark:
    """One thing to know before a figure is believed."""

    sound: bool | None
    """True: in order; False: a reason to distrust the figures; None: not recorded."""
    sentence: str
    """Plain text; hospital names in it are as they are recorded."""


def remarks(run: schema.Run, tested: Iterable[results.Result]) -> list[Remark]:
    """Return everything to know about a run's test, over all and at each hospital, what weighs most first."""
    recorded = words.cautions_of(run.meta)
    codes = {each.code for each in recorded}
    found = [
        _synthetic(run),
        _pooled(run),
        _final(run),
        _own_models(run),
        *(Remark(False, f"{each.code}: {each.sentence}") for each in recorded),
        _split(run) if "EVAL001" not in codes else None,
        _patients(run),
        shared_remark(run) if "EVAL005" not in codes else None,
        _labels(run),
        *_exclusive_classes(run),
        _answered(run),
        *_small(tested),
    ]
    return [remark for remark in found if remark is not None]


def _synthetic(run: schema.Run) -> Remark | None:
    if not run.synthetic:
        return None
    return Remark(False, "The slices are SYNTHETIC: a program drew them, so the figures say nothing about patients.")


def _pooled(run: schema.Run) -> Remark | None:
    return Remark(False, run.notice or words.POOLED) if run.pooled else None


def _final(run: schema.Run) -> Remark | None:
    return Remark(False, run.notice) if run.measured_with and run.notice and not run.pooled else None


def _own_models(run: schema.Run) -> Remark | None:
    return Remark(True, run.no_shared_model) if run.no_shared_model else None


def _split(run: schema.Run) -> Remark:
    split = mapping(run.meta.get("split"))
    across = count(split.get("groups_across_splits"))
    if split.get("grouped") is True and across == 0:
        return Remark(True, "Look-alikes and neighbouring slices are on one side of the split, none on two.")
    if across:
        groups = f"{across:,} groups of look-alikes are" if across > 1 else "A group of look-alikes is"
        return Remark(False, f"{groups} on more than one side of the split, so the figures flatter the model.")
    if split.get("grouped") is False:
        return Remark(False, "Slices were split one by one: those of one patient may be in training and in the test.")
    return Remark(None, "Whether slices of one patient are in both training and test is not recorded.")


def _patients(run: schema.Run) -> Remark | None:
    """Say whether it is known whose the slices are; nothing for runs that recorded no patients."""
    told = {name: own.patients.source for name, own in run.hospitals.items() if own.patients is not None}
    if guessed := [name for name, source in told.items() if source == "guessed"]:
        at = "everywhere" if len(guessed) == len(run.hospitals) else f"at {listed(guessed)}"
        return Remark(None, f"Patients are guessed {at}, so one may be in training and in the test.")
    across = count(mapping(run.meta.get("split")).get("groups_across_splits"))
    sound = Remark(True, "Patients are known at every hospital, and each is on one side of the split.")
    return sound if told and across == 0 else None


def shared_slices(run: schema.Run) -> CrossDuplicates | None:
    """Return what a run's keyed fingerprints say of slices at two hospitals; None where it recorded nothing."""
    shared = {name: own.shared for name, own in run.hospitals.items() if own.shared is not None}
    left_out = {name: own.not_compared for name, own in run.hospitals.items() if own.not_compared is not None}
    return CrossDuplicates(shared, left_out) if shared or left_out else None


def shared_remark(run: schema.Run) -> Remark | None:
    """Say what slices at two hospitals mean for the run's figures."""
    recorded = shared_slices(run)
    if recorded is None:
        return None
    leaks = recorded.test_slices_trained_elsewhere
    if leaks:
        slices = f"{leaks:,} test slices are" if leaks > 1 else "A test slice is"
        return Remark(False, f"{slices} in the training of another hospital, so the figures flatter the model.")
    if recorded.left_out or leaks is None or recorded.test_patients_trained_elsewhere:
        return Remark(None, recorded.sentence)
    if recorded.has_copies:
        return Remark(True, "Some slices are at two hospitals, but no test slice of one is in another's training.")
    return Remark(True, recorded.sentence)


def _labels(run: schema.Run) -> Remark | None:
    if "warnings" in run.meta or not run.metrics:
        return None
    return Remark(None, "Whether one picture is under two labels is not recorded.")


def _exclusive_classes(run: schema.Run) -> list[Remark]:
    return [
        Remark(
            False,
            f"{theme.class_title(label)} is held by {hospital} alone: the model can learn the hospital instead of the "
            "class, and hospitals' accuracies are not like for like.",
        )
        for label, hospital in facts.held_by_one(run)
    ]


def _answered(run: schema.Run) -> Remark | None:
    if run.pooled:
        return None
    missing = sorted({*run.status.missing_hospitals, *texts(run.meta.get("missing_hospitals"))})
    if missing:
        return Remark(False, f"{listed(missing)} missed at least one round.")
    if not run.status.hospitals:
        return Remark(None, "Whether every hospital took part in every round is not recorded.")
    return Remark(True, "Every hospital took part in every round.")


def _small(tested: Iterable[results.Result]) -> list[Remark]:
    places = [
        f"{theme.class_title(row.name)} ({facts.small(row.support)}) at {result.title}"
        for result in tested
        for row in result.classes
        if row.few and row.support
    ]
    if not places:
        return []
    named = ", ".join(places[:4]) + (f" and {len(places) - 4} more" if len(places) > 4 else "")
    return [Remark(False, f"Fewer than {confusion.FEW_CASES} test slices, so next to nothing is known: {named}.")]
