"""The four classes, in the order every file, weight and screen of the project uses; what drawn slices are called."""

import re

CLASSES: tuple[str, ...] = ("glioma", "meningioma", "pituitary", "notumor")
NUM_CLASSES: int = len(CLASSES)
LABEL_MAP: dict[str, int] = {name: index for index, name in enumerate(CLASSES)}

SYNTHETIC = "SYNTHETIC: a program drew these slices, so no figure made from them says anything about patients."

_SEPARATORS = re.compile(r"[\s_\-]+")


def normalise_folder(name: str) -> str:
    """Fold the spellings of a folder's name together: ``"Pituitary tumor"`` becomes ``"pituitarytumor"``."""
    return _SEPARATORS.sub("", name).casefold()
