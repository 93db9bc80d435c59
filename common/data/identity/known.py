"""Whose slice each file is, as far as a manifest, a DICOM header or the file's name says so; in this order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from common.config.patient_pattern import MOST_NAME_SIGNS, compiled
from common.data.dicom.said import Said
from common.data.identity.cells import patient_key
from common.data.identity.patients import CaseFacts, Patients, Source
from common.data.identity.pseudonyms import Pseudonyms
from common.data.scan import Scan, SliceFile
from common.data.thumbs import Indices


@dataclass(frozen=True)
class Known:
    """What is known of N slices before anybody looks at a picture."""

    number: Indices
    """Patient of each slice, shape ``[N]``, numbered by first appearance; -1 where nothing tells."""
    sources: tuple[Source, ...]
    facts: tuple[CaseFacts, ...]
    """With pseudonyms for the patients."""
    ids: tuple[str, ...]
    """Each patient's pseudonym."""


def known_cases(scan: Scan, headers: Mapping[int, Said], pseudonyms: Pseudonyms, patient_pattern: str = "") -> Known:
    """Find out whose slices a hospital's are.

    One id is one patient, wherever it was found. What a manifest leaves open the header may say, fact by fact.

    Parameters
    ----------
    headers : mapping of int to Said
        By index of a slice, with pseudonyms, as `common.data.cache.ImageLibrary` has them.
    patient_pattern : str
        Finds the patient in a file's name; see `common.config.patient_pattern`. ``""`` does not look there.
    """
    pattern = compiled(patient_pattern) if patient_pattern else None
    numbers: dict[str, int] = {}
    same: dict[CaseFacts, CaseFacts] = {}  # a patient's slices share one object
    number, sources, facts = [], [], []
    for index, file in enumerate(scan.files):
        header = headers[index].facts if index in headers else CaseFacts()
        written = _written(scan, file)
        source, patient = _whose(file, written.patient, header.patient, pattern, pseudonyms)
        found = replace(_filled(written, header), patient=patient)
        number.append(numbers.setdefault(patient, len(numbers)) if patient else -1)
        sources.append(source)
        facts.append(same.setdefault(found, found))
    return Known(np.array(number, dtype=np.int64), tuple(sources), tuple(facts), tuple(numbers))


def with_guesses(known: Known, groups: Indices) -> Patients:
    """Return whose slices all files are: an unknown one is the first known patient's of its group, or the group's own.

    Parameters
    ----------
    groups : ndarray of int64, shape [N]
        Group of related slices of each file.
    """
    of_group: dict[int, int] = {}
    for group, number in zip(groups.tolist(), known.number.tolist(), strict=True):
        if number >= 0:
            of_group.setdefault(group, number)
    again: dict[int, int] = {}
    numbers = []
    for group, number in zip(groups.tolist(), known.number.tolist(), strict=True):
        whose = number if number >= 0 else of_group.get(group, -1 - group)
        numbers.append(again.setdefault(whose, len(again)))
    ids = tuple(known.ids[whose] if whose >= 0 else "" for whose in again)
    return Patients(np.array(numbers, dtype=np.int64), known.sources, known.facts, ids)


def _written(scan: Scan, file: SliceFile) -> CaseFacts:
    """Return what the manifest says of a file."""
    row = scan.manifest.rows.get(file.relative_path) if scan.manifest else None
    return row.facts if row else CaseFacts()


def _whose(
    file: SliceFile, written: str, header: str, pattern: re.Pattern[str] | None, pseudonyms: Pseudonyms
) -> tuple[Source, str]:
    """Return what told the patient of a slice, and the pseudonym; `header` is one already."""
    if patient := pseudonyms.of(written):
        return "manifest", patient
    if header:
        return "dicom", header
    if pattern and (patient := pseudonyms.of(patient_in_name(pattern, file.relative_path))):
        return "file name", patient
    return "guessed", ""


def _filled(written: CaseFacts, header: CaseFacts) -> CaseFacts:
    """Fill in from the header what the manifest leaves open."""
    left = {name: value for name, value in vars(header).items() if getattr(written, name) in ("", None)}
    return replace(written, **left)


def patient_in_name(pattern: re.Pattern[str], path: str) -> str:
    """Return what the pattern's group finds: in the path if the pattern holds a ``/``, else in the bare name."""
    text = path if "/" in pattern.pattern else PurePosixPath(path).name
    found = pattern.search(text) if len(text) <= MOST_NAME_SIGNS else None
    return patient_key(found[1]) if found else ""
