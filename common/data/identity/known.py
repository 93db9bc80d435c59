"""Whose slice each file is, as far as a manifest, a DICOM header or the file's name says so; in this order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from common.config.patient_pattern import MOST_NAME_SIGNS, compiled
from common.data.identity.cells import patient_key
from common.data.identity.manifest import Row
from common.data.patients import CaseFacts, Patients, Source
from common.data.scan import Scan
from common.data.thumbs import Indices

HeaderFacts = Callable[[Path], CaseFacts | None]
"""Reads what a file's header says; None for a file that has no header."""


@dataclass(frozen=True)
class Known:
    """What is known of N files before anybody looks at a picture."""

    number: Indices
    """Patient of each file, shape ``[N]``, numbered by first appearance; -1 where nothing tells."""
    sources: tuple[Source, ...]
    facts: tuple[CaseFacts, ...]
    ids: tuple[str, ...] = field(repr=False)
    """Each patient's id, as `patient_key` writes it."""


def known_cases(scan: Scan, patient_pattern: str = "", header_facts: HeaderFacts | None = None) -> Known:
    """Find out whose slices a hospital's files are.

    One id is one patient, wherever it was found. What a manifest leaves open the header may say, fact by fact.

    Parameters
    ----------
    patient_pattern : str
        Finds the patient in a file's name; see `common.config.patient_pattern`. ``""`` does not look there.
    header_facts : callable, optional
        Asked once for each file.
    """
    rows: Mapping[str, Row] = scan.manifest.rows if scan.manifest else {}
    pattern = compiled(patient_pattern) if patient_pattern else None
    paths = dict.fromkeys(file.relative_path for file in scan.files)
    cases = {path: _case(scan.folder / path, path, rows.get(path), header_facts, pattern) for path in paths}
    numbers: dict[str, int] = {}
    found = [cases[file.relative_path] for file in scan.files]
    keys = [patient_key(said.patient) for _, said in found]
    number = np.array([numbers.setdefault(key, len(numbers)) if key else -1 for key in keys], dtype=np.int64)
    sources, facts = tuple(source for source, _ in found), tuple(said for _, said in found)
    return Known(number, sources, facts, tuple(numbers))


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


def _case(
    path: Path, name: str, row: Row | None, header_facts: HeaderFacts | None, pattern: re.Pattern[str] | None
) -> tuple[Source, CaseFacts]:
    """Return one file's facts, and what told its patient."""
    said = row.facts if row else CaseFacts()
    header = header_facts(path) if header_facts else None
    facts = said if header is None else _filled(said, header)
    if patient_key(said.patient):
        return "manifest", facts
    if patient_key(facts.patient):
        return "dicom", facts
    if pattern and (patient := _in_name(pattern, name)):
        return "file name", replace(facts, patient=patient)
    return "guessed", replace(facts, patient="") if facts.patient else facts


def _filled(said: CaseFacts, header: CaseFacts) -> CaseFacts:
    """Fill in from the header what the manifest leaves open."""
    open_facts = {
        name: value
        for name, value in vars(header).items()
        if getattr(said, name) in ("", None) or (name == "patient" and not patient_key(said.patient))
    }
    return replace(said, **open_facts)


def _in_name(pattern: re.Pattern[str], name: str) -> str:
    """Return what the pattern's group finds: in the path if the pattern holds a ``/``, else in the bare name."""
    text = name if "/" in pattern.pattern else PurePosixPath(name).name
    found = pattern.search(text) if len(text) <= MOST_NAME_SIGNS else None
    return patient_key(found[1]) if found else ""
