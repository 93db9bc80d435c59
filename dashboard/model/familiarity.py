"""Is an image like the slices that the model was trained on? Where it is not, the model's answer is none.

How the distance is made is in `common.metrics.familiarity`. A model whose run recorded nothing to compare with (an
older run, version 1, a run whose hospitals did not return it) cannot be asked: that is None here, and no verdict.
"""

from dataclasses import dataclass

NOT_RECORDED = (
    "Whether this image is like the slices of training cannot be checked: nothing to compare with is recorded for this "
    "model."
)


@dataclass(frozen=True)
class Familiarity:
    """How far an image is from the slices that the model was trained on."""

    distance: float
    """In the network's own features; no unit."""
    threshold: float
    """The distance that 95 % of the validation slices keep to."""

    @property
    def unfamiliar(self) -> bool:
        """Whether the image is unlike anything that the model was trained on."""
        return not self.distance <= self.threshold


def sentence(found: Familiarity | None) -> str:
    """Say whether the image is like the slices of training, and how far it is from them."""
    if found is None:
        return NOT_RECORDED
    far = f"Its distance is {found.distance:.1f}; 95 % of the validation slices are within {found.threshold:.1f}."
    if found.unfamiliar:
        return f"This image is unlike anything that the model was trained on, so there is no answer. {far}"
    return f"This image is like the slices of training. {far}"
