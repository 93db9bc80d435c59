"""``privacy`` of ``model_meta.json``: which protection a run was trained under, and what it spent at each hospital."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from common.artifacts.load import read_record
from common.artifacts.schema import Count, Epsilon, Fraction, HospitalRound, Number, Run, Text
from common.artifacts.values import Notes, mapping
from common.config.privacy import DP_SGD, DP_SGD_SECAGG, SECAGG


class HospitalPrivacy(Struct, frozen=True):
    """What one hospital spent."""

    unit: Literal["patient", "group"] | None = None  # one of whom the noise hides; a group of related slices
    units: Count | None = None  # of training
    rate: Fraction | None = None  # with which a step draws each
    noise_multiplier: Number | None = None  # deviation in clips, of its own noise; of the sum's where that is shared
    epsilon: Epsilon | None = None  # against the centre
    epsilon_one_colluding: Epsilon | None = None  # against the centre with one hospital
    epsilon_all_but_one: Epsilon | None = None  # against the centre with all other hospitals
    stopped_after_round: Count | None = None  # its budget reached no further; null where it trained to the end


class RunPrivacy(Struct, frozen=True):
    """A run's protection; with ``none`` and ``secagg`` the name alone."""

    name: Text | None = None  # one of `common.config.privacy.PRIVACY`
    epsilon: Epsilon | None = None  # the budget of each hospital
    delta: Fraction | None = None
    clip: Number | None = None  # longest gradient of a patient
    patients_per_step: Count | None = None
    steps: Count | None = None  # of a round
    rounds: Count | None = None
    train_part: Text | None = None  # everything, head or last
    views: Count | None = None
    per_hospital: dict[str, HospitalPrivacy] = {}

    @property
    def is_private(self) -> bool:
        """Whether noise was added, so that epsilon bounds what one patient can be known by."""
        return self.name in (DP_SGD, DP_SGD_SECAGG)

    @property
    def is_secure(self) -> bool:
        """Whether the centre saw the sum of the updates alone."""
        return self.name in (SECAGG, DP_SGD_SECAGG)

    @property
    def spent(self) -> float | None:
        """Epsilon against the centre at the hospital that spent most; None where one is not recorded."""
        return self.most("epsilon")

    def most(self, against: str) -> float | None:
        """Return the largest of one of the hospitals' epsilons, by the field's name; None where one is missing."""
        found = [getattr(own, against) for own in self.per_hospital.values()]
        return max(found) if found and None not in found else None


def recorded_privacy(meta: Mapping[str, Any], notes: Notes | None = None) -> RunPrivacy | None:
    """Return a finished run's protection by ``model_meta.json``; None where it is not recorded."""
    body = mapping(meta.get("privacy"))
    return read_record(RunPrivacy, body, notes or Notes(""), "privacy") if body else None


def privacy_of(run: Run, settings: Mapping[str, Any]) -> RunPrivacy:
    """Return what a run's files say of its protection; of one without a finished model, what it has spent so far.

    Parameters
    ----------
    settings : mapping
        The run's own, nested; a run of an earlier version says there whether its updates were masked.
    """
    recorded = recorded_privacy(run.meta)
    if recorded is not None and recorded.name:
        return recorded
    was_set = read_record(RunPrivacy, settings.get("privacy"), Notes(""))
    if not was_set.is_private:
        return RunPrivacy(was_set.name)
    names = [name for name in run.hospital_names if any(name in each.asked for each in run.rounds)]
    return replace(was_set, rounds=run.status.rounds, per_hospital={name: _so_far(run, name) for name in names})


def _so_far(run: Run, name: str) -> HospitalPrivacy:
    """Return what a hospital has spent by the last round of which that is recorded."""
    parts = [(each.number, each.hospitals[name]) for each in run.rounds if name in each.hospitals]
    paid = [(number, part) for number, part in parts if part.epsilon is not None]
    number, last = paid[-1] if paid else (0, HospitalRound())
    return HospitalPrivacy(
        unit=_unit(run, name),
        noise_multiplier=last.noise_multiplier,
        epsilon=last.epsilon,
        epsilon_one_colluding=last.epsilon_one_colluding,
        epsilon_all_but_one=last.epsilon_all_but_one,
        stopped_after_round=number if name in run.rounds[-1].stopped else None,
    )


def _unit(run: Run, name: str) -> Literal["patient", "group"] | None:
    patients = run.hospitals[name].patients if name in run.hospitals else None
    return ("group" if patients.source == "guessed" else "patient") if patients else None
