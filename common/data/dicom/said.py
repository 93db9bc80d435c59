"""What a DICOM header says of a file besides its pixels: whose it is, what it shows, and what it should not hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.data.dicom.deidentified import birth_date_in, name_in, private_tags_in
from common.data.dicom.facts import facts_in
from common.data.dicom.fields import text_in
from common.data.identity.patients import CaseFacts

if TYPE_CHECKING:
    from pydicom import Dataset

_BODY_PARTS = """
ABDOMEN ABDOMENPELVIS ANKLE ARM BLADDER BREAST CALF CHEST CLAVICLE COLON CSPINE CTSPINE ELBOW EXTREMITY FEMUR FINGER
FOOT FOREARM HAND HEART HIP HUMERUS KIDNEY KNEE LEG LIVER LSPINE LSSPINE LUNG PANCREAS PELVIS PROSTATE SHOULDER SPINE
SPLEEN SSPINE THIGH TOE TSPINE UTERUS WHOLEBODY WRIST
"""
OTHER_BODY_PARTS = frozenset(_BODY_PARTS.split())
"""Parts of the body, as DICOM names them, that no brain slice comes from; a scanner's own words are passed over."""


@dataclass(frozen=True)
class Said:
    """What one header says."""

    facts: CaseFacts = field(default_factory=CaseFacts)
    modality: str = ""
    body_part: str = ""
    burned_in: bool = False
    """Whether it says that text is written into the picture."""
    name: bool = False
    birth_date: bool = False
    private_tags: int = 0

    @property
    def other_modality(self) -> bool:
        """Whether it comes from another kind of scanner than MR."""
        return self.modality not in ("MR", "")

    @property
    def other_body_part(self) -> bool:
        """Whether it shows another part of the body than the head."""
        return self.body_part in OTHER_BODY_PARTS


def said_in(header: Dataset) -> Said:
    """Read what a header says; nothing where a field is missing or damaged."""
    return Said(
        facts=facts_in(header),
        modality=text_in(header, "Modality").upper(),
        body_part=text_in(header, "BodyPartExamined").upper().replace(" ", ""),
        burned_in=text_in(header, "BurnedInAnnotation").upper() == "YES",
        name=name_in(header),
        birth_date=birth_date_in(header),
        private_tags=private_tags_in(header),
    )
