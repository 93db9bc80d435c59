"""What the Privacy page shows as tables: what was set, what each hospital spent, and what left it."""

import pandas as pd

from common.artifacts.privacy import words
from common.artifacts.privacy.guarantee import HospitalPrivacy, RunPrivacy
from common.artifacts.privacy.seen import seen
from common.artifacts.schema import Run
from dashboard.charts import formats
from dashboard.data.gains import left

_NAMES = {
    "none": "none",
    "secagg": "secure aggregation",
    "dp_sgd": "differential privacy (DP-SGD)",
    "dp_sgd_secagg": "differential privacy (DP-SGD), its noise shared under secure aggregation",
}
_PARTS = {
    "everything": "every weight",
    "head": "normalisation's scales and shifts, and the last layer",
    "last": "the last layer",
}
_STOPPED = {True: "to the end", False: "so far"}


def set_table(privacy: RunPrivacy) -> pd.DataFrame:
    """Return what was set as rows of name, value and meaning; of a run without noise the protection alone."""
    rows = [("Protection", _NAMES.get(privacy.name or "", privacy.name or "not recorded"), "")]
    if privacy.is_private:
        rows += [
            ("Budget", _number(privacy.epsilon), "epsilon that no hospital spends more of"),
            ("Delta", words.delta_text(privacy.delta), "probability with which epsilon need not hold"),
            ("Clip", _number(privacy.clip), "longest gradient that one patient adds to a step"),
            ("Patients per step", formats.whole(privacy.patients_per_step), "expected; the fixed denominator"),
            ("Steps per round", formats.whole(privacy.steps), "the same at every hospital"),
            ("Rounds", formats.whole(privacy.rounds), ""),
            ("Trained", _PARTS.get(privacy.train_part or "", privacy.train_part or "not recorded"), ""),
            ("Views", formats.whole(privacy.views), "augmented copies of each slice"),
        ]
    return pd.DataFrame(rows, columns=["Setting", "Value", "What it is"])


def spent_table(privacy: RunPrivacy, *, finished: bool) -> pd.DataFrame:
    """Return one row a hospital: who counts as one, the noise, what was spent and what is left."""
    rows = [_row(name, own, privacy, finished) for name, own in sorted(privacy.per_hospital.items())]
    return pd.DataFrame(rows)


def _row(name: str, own: HospitalPrivacy, privacy: RunPrivacy, finished: bool) -> dict[str, str]:
    shared = {
        "With one hospital": _epsilon(own.epsilon_one_colluding),
        "With all but one": _epsilon(own.epsilon_all_but_one),
    }
    after = own.stopped_after_round
    return {
        "Hospital": name,
        "Spent": _epsilon(own.epsilon),
        "Left": _left(own.epsilon, privacy.epsilon),
        **(shared if privacy.is_secure else {}),
        "Trained": f"to round {after}" if after is not None else _STOPPED[finished],
        "Counted as one": words.UNITS.get(own.unit or "", "not recorded"),
        "Of training": formats.whole(own.units),
        "Drawn in a step": formats.percent(own.rate),
        "Noise (clips)": _number(own.noise_multiplier),
    }


def seen_table(run: Run, privacy: RunPrivacy) -> pd.DataFrame:
    """Return what the centre could see, and what that could give away; those rows alone that the files prove."""
    rows = [(row.what, row.gives_away) for row in seen(run, privacy)]
    return pd.DataFrame(rows, columns=["What the centre could see", "What it could give away"])


def sent_table(run: Run) -> pd.DataFrame:
    """Return the bytes that each hospital sent in all rounds, and how many rounds that was."""
    rounds = {name: sum(name in each.hospitals for each in run.rounds) for name in run.hospital_names}
    rows = [
        {"Hospital": name, "Sent": formats.size(sent), "Rounds": formats.whole(rounds[name])}
        for name, sent in left.sent(run).items()
    ]
    return pd.DataFrame(rows)


def _left(spent: float | None, budget: float | None) -> str:
    return formats.MISSING if spent is None or budget is None else words.proven(max(0.0, budget - spent))


def _epsilon(value: float | None) -> str:
    return formats.MISSING if value is None else words.promised(value)


def _number(value: float | None) -> str:
    return formats.MISSING if value is None else f"{value:.4g}"
