"""What the rounds' records say of the hospitals' updates: how long, how far they agree, and which are unusual.

An unusual update is one that is more than three times as long as the round's median, or that points away from the mean
of the others (a cosine below -0.02; most of a short round's way is chance, so that honest ones are hardly above 0).
Neither proves anything: a hospital with other patients may send one in good faith.
"""

from statistics import median

from common.artifacts.schema import HospitalRound, Round
from common.config.architectures import ARCHITECTURES
from common.config.privacy import PrivacySettings
from common.config.strategies import EVERYTHING, POOLED_STRATEGY, STRATEGIES
from common.protocol.steps.clip import FAR

AWAY = -0.02
FEWEST_COMPARED = 3  # hospitals of which a median tells one from the others
FEWEST_PROTECTED = 4
_ALL = 0.995  # of an update's length: 100 % in the digits that are written


def relative_lengths(record: Round) -> dict[str, float]:
    """Return by hospital how many times the median its update's length was; nothing where there is no median."""
    lengths = {name: part.update_norm for name, part in record.hospitals.items() if part.update_norm is not None}
    middle = median(lengths.values()) if lengths else 0.0
    return {name: length / middle for name, length in lengths.items()} if middle > 0 else {}


def unusual_updates(record: Round) -> list[str]:
    """Name the hospitals whose update was unusual, a sentence each."""
    times = relative_lengths(record)
    if len(times) < FEWEST_COMPARED:
        return []
    found = {name: _signs(record.hospitals[name], times[name]) for name in times}
    return [
        f"{name}'s update {' and '.join(signs)}{_cut(record.hospitals[name])}."
        for name, signs in found.items()
        if signs
    ]


def protection(strategy: str, hospitals: int) -> str | None:
    """Say how little protects the shared model where few hospitals take part; None where more do, or share none."""
    row = STRATEGIES[strategy]
    if hospitals >= FEWEST_PROTECTED or strategy == POOLED_STRATEGY or row.local_layers == EVERYTHING:
        return None
    return (
        f"With {hospitals} hospitals nothing protects the shared model from one that sends careful, wrong updates; "
        "docs/poisoning.md says what four or more change."
    )


def private_network(privacy: PrivacySettings, model: str) -> str | None:
    """Say which network is trained with differential privacy, and why that one; None without."""
    if not privacy.is_private:
        return None
    title = ARCHITECTURES[model].title
    return f"privacy={privacy.name} trains {title} (model={model}): batch normalisation would mix a step's patients."


def instead_of_comparing(privacy: PrivacySettings) -> str | None:
    """Say what takes the place of what the centre does with single updates, where it sees none; None where it does."""
    if not privacy.is_secure:
        return None
    return (
        f"With privacy={privacy.name} the centre learns the sum of the updates alone: none is clipped to the median "
        "(strategy.clip_to_median, weight_to_median), compared or shown; each hospital checks the bounds of its own "
        "update, the centre those of the sum (docs/privacy.md)."
    )


def _signs(part: HospitalRound, times: float) -> list[str]:
    signs = []
    if times > FAR:
        signs.append(f"is {times:,.1f} times as long as the median hospital's")
    if part.update_cosine is not None and part.update_cosine < AWAY:
        signs.append(f"points away from the others' (cosine {part.update_cosine:.2f})")
    return signs


def _cut(part: HospitalRound) -> str:
    kept = 1.0 if part.update_kept is None else part.update_kept
    return f"; {100 * kept:.2g} % of its length was taken" if kept < _ALL else ""
