"""The four classes, in the order every file, weight and screen of the project uses; what drawn slices are called."""

from __future__ import annotations

import re

CLASSES: tuple[str, ...] = ("glioma", "meningioma", "pituitary", "notumor")
NUM_CLASSES: int = len(CLASSES)
LABEL_MAP: dict[str, int] = {name: index for index, name in enumerate(CLASSES)}

SYNTHETIC = "SYNTHETIC: a program drew these slices, so no figure made from them says anything about patients."

_SEPARATORS = re.compile(r"[\s_\-]+")


def normalise_folder(name: str) -> str:
    """Fold the spellings of one folder name together.

    Parameters
    ----------
    name : str
        A folder's own name, for example ``"Pituitary tumor"``.

    Returns
    -------
    str
        The name in lower case without spaces, ``_`` and ``-``: ``"pituitarytumor"``.
    """
    return _SEPARATORS.sub("", name).casefold()
