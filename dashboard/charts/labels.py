"""One word for a class everywhere on screens, also within sentences that a run recorded."""

import re

_NO_TUMOUR = re.compile(r"\bnotumor\b")
_SETTING = "class_map"


def shown(sentence: str) -> str:
    """Return a recorded sentence with "no tumour" for the class's key; where the key is to be typed it stays."""
    before, setting, after = sentence.partition(_SETTING)
    return _NO_TUMOUR.sub("no tumour", before) + setting + after
