"""Which of two rounds has the better model, on what hospitals validated.

Rounds are compared on the hospitals that validated both: a hospital that validates once and is silent from then on can
neither keep a round the best nor make another one so.
"""

from collections.abc import Sequence

from common.artifacts.schema import HospitalRound, Round

Score = tuple[float, float]  # accuracy and minus the loss: the larger, the better


def is_better(new: Round, best: Round) -> bool:
    """Tell whether a round's model takes the place of the best one so far.

    Larger slices go first, since they are what the run is about. Then the higher accuracy counts, then the lower loss;
    of equal ones the earlier stays. Where fewer than half of those who validated at all validated both, nothing can be
    compared, and the round that more of them validated is the better one. Where every slice trains, nobody validates,
    and the last round's model is the run's.
    """
    if new.image_size != best.image_size:
        return (new.image_size or 0) > (best.image_size or 0)
    if not new.validated and not best.validated:
        return True
    both = [name for name in new.validated if name in best.validated]
    if 2 * len(both) < len({*new.validated, *best.validated}):
        return len(new.validated) > len(best.validated)
    return score([new.hospitals[name] for name in both]) > score([best.hospitals[name] for name in both])


def score(parts: Sequence[HospitalRound]) -> Score:
    """Return accuracy and loss over some hospitals' validation slices, each slice counting once."""
    slices = [part.val_samples or 0 for part in parts]
    right = sum(row[label] for part in parts for label, row in enumerate(part.val_confusion_matrix or []))
    loss = sum((part.val_loss or 0.0) * count for part, count in zip(parts, slices, strict=True))
    return (right / sum(slices), -loss / sum(slices)) if sum(slices) else (0.0, float("-inf"))
