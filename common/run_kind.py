"""What a run's result is, where it is no federation's one model: said in the same words in every file and on screen."""

from __future__ import annotations

POOLED = (
    "POOLED, not a federation: every hospital's slices left their folders for one loader. "
    "This is a yardstick to measure a federation against, and possible in simulation only."
)

_OWN_MODELS = {
    "normalisation": "There is no global model: each hospital kept its own normalisation layers, and the rest is no "
    "model without them. Each hospital's whole model lies in its own cache folder.",
    "everything": "There is no global model: each hospital trained alone. Its model lies in its own cache folder.",
}


def no_shared_model(keeps: str) -> str | None:
    """Say why a run has no ``global_model.pth``, or return None where it has one.

    Parameters
    ----------
    keeps : str
        What stays at the hospitals, one of `common.kept.KEEPS`.
    """
    return _OWN_MODELS.get(keeps)
