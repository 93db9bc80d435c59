"""What a run has cost the hospitals' patients: the ``privacy`` of ``model_meta.json``, and the same in words."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from common.artifacts.privacy.guarantee import HospitalPrivacy, RunPrivacy
from common.artifacts.privacy.words import promised
from common.artifacts.schema import to_json
from common.config.dp import dp_plan
from common.config.privacy import PrivacySettings
from common.config.settings import RunSettings
from common.protocol.description import Description
from common.text import counted, small
from common.training.private.sampling import rate

STOPPED = "its privacy budget is spent, so it trains no further; it still evaluates"
_OF_A_HOSPITAL = ("noise_multiplier", "epsilon", "epsilon_one_colluding", "epsilon_all_but_one")

Rows = Sequence[Mapping[str, Any]]  # of ``training_history.json``


def privacy_json(
    settings: RunSettings, history: Rows, descriptions: Sequence[Description], stopped: Collection[str] = ()
) -> dict[str, Any]:
    """Return ``privacy`` of ``model_meta.json``; without differential privacy it is a name.

    Parameters
    ----------
    stopped : collection of str
        Names of the hospitals whose budget is spent.
    """
    privacy, dp = settings.privacy, dp_plan(settings.privacy)
    if not dp.is_used:
        return {"name": privacy.name}
    spent = last_spent(history)

    def hospital(said: Description) -> HospitalPrivacy:
        last, part = spent.get(said.name, (0, {}))
        units = said.patient_counts["train"]
        return HospitalPrivacy(
            unit="group" if said.patient_source == "guessed" else "patient",
            units=units,
            rate=rate(dp, units),
            stopped_after_round=last if said.name in stopped else None,
            **{name: part.get(name) for name in _OF_A_HOSPITAL},
        )

    return to_json(
        RunPrivacy(
            name=privacy.name,
            epsilon=dp.epsilon,
            delta=dp.delta,
            clip=dp.clip,
            patients_per_step=dp.patients_per_step,
            steps=dp.steps,
            rounds=settings.rounds,
            train_part=settings.train.part,
            views=dp.views,
            per_hospital={said.name: hospital(said) for said in descriptions},
        )
    )


def last_spent(history: Rows) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Return the last round for which each hospital paid, and its part of that round."""
    parts = [(row["epoch"], name, part) for row in history for name, part in row["hospitals"].items()]
    return {name: (number, part) for number, name, part in parts if part.get("epsilon") is not None}


def spent_sentence(history: Rows, privacy: PrivacySettings) -> str | None:
    """Say what each hospital has spent so far; None where nothing is counted."""
    spent = last_spent(history)
    if not spent or privacy.epsilon is None or privacy.delta is None:
        return None
    each = ", ".join(f"{name} {promised(part['epsilon'])}" for name, (_, part) in spent.items())
    return f"epsilon spent: {each} of {privacy.epsilon:g} (delta {small(privacy.delta)})"


def ended_sentence(done: int, rounds: int, left: int, needed: int) -> str:
    """Say why a run has fewer rounds than it was to have.

    Parameters
    ----------
    left, needed : int
        Hospitals that can still train, and that a round takes.
    """
    who = f"{counted(left, 'hospital')} of the {needed} that a round takes" if left else "no hospital"
    return f"Training ended after round {done} of {rounds}: {who} {'have' if left > 1 else 'has'} privacy budget left."
