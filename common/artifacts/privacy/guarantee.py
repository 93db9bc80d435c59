"""``privacy`` of ``model_meta.json``: which protection a run was trained under, and what it spent at each hospital."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from common.artifacts.load import read_record
from common.artifacts.schema import Count, Epsilon, Fraction, Number, Text
from common.artifacts.values import Notes, mapping


class HospitalPrivacy(Struct, frozen=True):
    """What one hospital spent."""

    unit: Literal["patient", "group"] | None = None  # one of whom the noise hides; a group of related slices
    units: Count | None = None  # of training
    rate: Fraction | None = None  # with which a step draws each
    noise_multiplier: Number | None = None  # deviation of the noise over the clip; of this hospital's own noise
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
    train_part: Text | None = None  # everything or head
    views: Count | None = None
    per_hospital: dict[str, HospitalPrivacy] = {}


def recorded_privacy(meta: Mapping[str, Any], notes: Notes | None = None) -> RunPrivacy | None:
    """Return a run's protection by ``model_meta.json``; None where it is not recorded."""
    body = mapping(meta.get("privacy"))
    return read_record(RunPrivacy, body, notes or Notes(""), "privacy") if body else None
