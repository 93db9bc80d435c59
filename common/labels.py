"""The four classes, in the order every file, weight and screen of the project uses."""

import re

CLASSES: tuple[str, ...] = ("glioma", "meningioma", "pituitary", "notumor")
NUM_CLASSES: int = len(CLASSES)
LABEL_MAP: dict[str, int] = {name: index for index, name in enumerate(CLASSES)}

_SEPARATORS = re.compile(r"[\s_\-]+")


def normalise_folder(name: str) -> str:
    """Fold the spellings of a folder's name together: ``"Pituitary tumor"`` becomes ``"pituitarytumor"``."""
    return _SEPARATORS.sub("", name).casefold()
