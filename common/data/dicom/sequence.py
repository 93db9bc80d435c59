"""Which kind of MR sequence a header tells of, in a few words that are the same at every hospital."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from common.data.dicom.fields import number_in, text_in

if TYPE_CHECKING:
    from pydicom import Dataset

_BY_NAME: tuple[tuple[str, str], ...] = (
    ("FLAIR", r"flair|dark.?fluid|tirm"),
    ("diffusion", r"dwi|adc|diff|trace|ep2d"),
    ("susceptibility", r"swi|swan|t2\s?\*|t2star|hemo"),
    ("T1", r"t1|mprage|bravo|spgr|vibe"),
    ("T2", r"t2"),
)
_CONTRAST = r"\+\s?c\b|\bc\+|gad|\bgd\b|post|\bce\b|contrast|\bkm\b"
# Milliseconds; where names say nothing, the usual bounds of spin echo.
_LONG_ECHO, _SHORT_ECHO, _SHORT_REPETITION, _FLUID_NULLED = 70.0, 30.0, 1000.0, 1500.0


def sequence_of(header: Dataset) -> str:
    """Return ``"T1"``, ``"T1 contrast"``, ``"T2"``, ``"FLAIR"``, ``"diffusion"``, ``"susceptibility"`` or ``""``.

    The names that technicians give (free text, never passed on) are looked at first, then the times of echo,
    repetition and inversion.
    """
    said = " ".join(text_in(header, name) for name in ("SeriesDescription", "ProtocolName", "SequenceName")).casefold()
    kind = next((kind for kind, words in _BY_NAME if re.search(words, said.replace("_", " "))), "") or _by_times(header)
    contrast = bool(text_in(header, "ContrastBolusAgent")) or re.search(_CONTRAST, said.replace("_", " ")) is not None
    return "T1 contrast" if kind == "T1" and contrast else kind


def _by_times(header: Dataset) -> str:
    echo, repetition = number_in(header, "EchoTime"), number_in(header, "RepetitionTime")
    if not echo or not repetition:
        return ""
    if echo > _LONG_ECHO:
        return "FLAIR" if (number_in(header, "InversionTime") or 0.0) > _FLUID_NULLED else "T2"
    return "T1" if echo < _SHORT_ECHO and repetition < _SHORT_REPETITION else ""
