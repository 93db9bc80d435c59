"""What the centre can see of a run, and what that could give away: the table of ``docs/privacy.md``, row by row.

The Privacy page shows those rows that hold for a run, by its settings and by what it recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common.artifacts.privacy.guarantee import RunPrivacy
from common.artifacts.schema import Run
from common.artifacts.values import mapping
from common.config.architectures import ARCHITECTURES, architecture_of
from common.config.settings import ESTIMATED
from common.config.strategies import EVERYTHING, STRATEGIES

Holds = Callable[[Run, RunPrivacy], bool]


@dataclass(frozen=True)
class Seen:
    """One row."""

    what: str
    when: str
    """In which runs."""
    gives_away: str
    """At worst."""
    holds: Holds
    """Whether a run's files prove that the centre saw it."""


def seen(run: Run, privacy: RunPrivacy) -> list[Seen]:
    """Return what the centre could see of a run, no more than its files prove."""
    return [row for row in SEEN if row.holds(run, privacy)]


def _tested(part: str) -> Holds:
    """Return whether the test's figures have a part, such as ``subgroups``."""
    return lambda run, _: bool(mapping(run.own_metrics.get("figures")).get(part))


def _figures(run: Run, _: RunPrivacy) -> bool:
    return bool(mapping(run.own_metrics.get("figures")))


def _drawn(run: Run, _: RunPrivacy) -> bool:
    return bool(mapping(mapping(run.own_metrics.get("intervals")).get("bootstrap")))


def _trains(run: Run, privacy: RunPrivacy) -> bool:
    return not privacy.is_private and any(
        part.train_loss is not None for each in run.rounds for part in each.hospitals.values()
    )


def _sums(run: Run, _: RunPrivacy) -> bool:
    return bool(mapping(run.meta.get("familiarity")).get("hospitals"))


def _statistics(run: Run, _: RunPrivacy) -> bool:
    network = ARCHITECTURES.get(architecture_of(run.meta))
    asked = mapping(mapping(run.meta.get("settings")).get("train")).get("statistics") == ESTIMATED
    return asked and network is not None and network.batch_norm and not run.no_shared_model


def _updates(*, private: bool, secure: bool) -> Holds:
    def holds(run: Run, privacy: RunPrivacy) -> bool:
        row = STRATEGIES.get(run.strategy or "")
        shared = not run.pooled and (row is None or row.local_layers != EVERYTHING)
        return bool(privacy.name) and shared and (privacy.is_private, privacy.is_secure) == (private, secure)

    return holds


def _fingerprints(run: Run, _: RunPrivacy) -> bool:
    return any(own.shared is not None for own in run.hospitals.values())


def _patients(run: Run, _: RunPrivacy) -> bool:
    found = [own.cross_hospital_duplicates for own in run.hospitals.values()]
    return any(each and each.patients is not None for each in found)


def _always(run: Run, _: RunPrivacy) -> bool:
    return bool(run.rounds)


SEEN: tuple[Seen, ...] = (
    Seen(
        "who takes part, when, for how long, from which address",
        "always",
        "a hospital's hours and its machine",
        _always,
    ),
    Seen(
        "slices of each class, and patients, in training, validation and test; the audit's counts; devices",
        "always",
        "how many patients with which tumour a hospital has, roughly; no noise is added to a count",
        lambda run, _: bool(run.hospitals),
    ),
    Seen(
        "training loss and accuracy, by hospital and round",
        "without differential privacy",
        "how well the model knows slices of training; whether single ones were among them, where a class has a few",
        _trains,
    ),
    Seen(
        "confusion matrices, confidence and loss on validation and test slices, by hospital and round",
        "always",
        "how well the model does there; whether single slices are known to it, where a class has a few "
        "(smallest_count in the policy); no noise is added",
        lambda run, _: any(each.validated for each in run.rounds),
    ),
    Seen(
        "a test's draws of the bootstrap (a thousand confusion matrices)",
        "where intervals are drawn",
        "how unevenly groups of related slices are sized; where one slice alone was mistaken in its way, the draws "
        "show its group, and so how many slices of each class that group has and how many were named right, though "
        "not whose they are",
        _drawn,
    ),
    Seen(
        "a test's slices by score, for each class, in 2,208 bins",
        "after the test",
        "nearly every slice's probability of each class, one class at a time; who has a slice can tell whether it may "
        "be among them",
        _figures,
    ),
    Seen(
        "a test's patients: how many, named what, by mean score",
        "after the test",
        "the same, of patients; how many have which tumour",
        _tested("per_patient"),
    ),
    Seen(
        "a test's Brier sums and design effects (4 and 13 numbers)",
        "after the test",
        "how strongly slices of one patient err together; no draws and no products of counts, which would give "
        "patients away",
        _figures,
    ),
    Seen(
        "how often each of two models is right where the other is or is not, of slices and of patients by class, the "
        "second model's confusion matrix, and one design effect",
        "an evaluation with compare=",
        "on how many cases two models differ; where only a few slices differ, whether they are one patient's, though "
        "not whose",
        lambda run, _: False,  # an evaluation has files of its own
    ),
    Seen(
        "a test's confusion matrices by sex, age band, scanner and sequence, of at least smallest_cell slices and "
        "three patients, and that no smaller cell follows from",
        "where they are known",
        "how many of whom a hospital sees, on which scanner, and how well the model does there. Differences of more "
        "than two cells, or of several runs with other splits, are not looked for",
        _tested("subgroups"),
    ),
    Seen(
        "a test's right answers by how much a slice looks like the nearest slice of training there, in six ranges at "
        "most, each of at least smallest_cell slices and three patients, or empty",
        "without differential privacy",
        "how much a hospital's slices look alike, and how well the model does on the unusual ones",
        lambda run, _: bool(mapping(run.own_metrics.get("likeness"))),
    ),
    Seen(
        "after the last round, the mean and the mean square of what goes into each normalisation of the averaged "
        "model, over all training slices",
        "with train.statistics=estimated, which secagg does without",
        "what the running statistics in an update do: how a hospital's slices look as a whole; a lying centre can send "
        "another model and so choose of what the means are",
        _statistics,
    ),
    Seen(
        "after the last round, sums of 144 features over all training slices and of their products (familiar.md)",
        "with neither secagg nor differential privacy",
        "brightness by place and texture of the slices as a whole; never of fewer slices than features",
        _sums,
    ),
    Seen(
        "validation and test slices by how unlike those of training they are, in 322 bins, measured with numbers that "
        "the centre sends",
        "with neither secagg nor differential privacy",
        "how unusual single slices are; a lying centre can choose what is measured and ask again, so that many answers "
        "together tell of single slices. feature_sums: false in the policy stops both",
        _sums,
    ),
    Seen(
        "keyed fingerprints",
        "where a hospital sends them",
        "which hospitals hold the same slice, never which",
        _fingerprints,
    ),
    Seen(
        "keyed hashes of patients' ids, with the fingerprints",
        "where a hospital sends them",
        "how many patients are in each part of the split, and which hospitals know the same id, never which; whoever "
        "has the hospitals' key could try ids",
        _patients,
    ),
    Seen(
        "every update of every hospital, and every model",
        "none",
        "more than a model does: from an update made of few slices, pictures like them may be rebuilt; whether a "
        "patient was trained on, and at which hospital",
        _updates(private=False, secure=False),
    ),
    Seen(
        "the sum of a round's updates, and every model",
        "secagg",
        "what models give away of their training slices as a whole: memorised ones can be recognised, though not "
        "whose they are",
        _updates(private=False, secure=True),
    ),
    Seen(
        "every update of every hospital, with that hospital's noise, and every model",
        "dp_sgd",
        "of one patient no more than epsilon allows; of a hospital as a whole, what it has in common",
        _updates(private=True, secure=False),
    ),
    Seen(
        "the sum of a round's updates, with the noise of all hospitals, and every model",
        "dp_sgd_secagg",
        "of one patient no more than epsilon allows, more where hospitals tell the centre their noise",
        _updates(private=True, secure=True),
    ),
    Seen(
        "each hospital's noise, rate and epsilon after each round; which hospital stopped, and when",
        "with differential privacy",
        "how many patients train at a hospital",
        lambda _, privacy: privacy.is_private,
    ),
    Seen(
        "the sums of several rounds and runs",
        "secagg",
        "a hospital that takes part in one and not in the next shows roughly in the difference. In a run with the same "
        "seed and other hospitals it shows exactly in the first round, since training is repeatable, and a lying "
        "centre can have any round trained again like that: a hospital that minds asks before each run (ask)",
        _updates(private=False, secure=True),
    ),
)
NOT_RECORDED = "How updates were protected on their way to the centre is not recorded."
