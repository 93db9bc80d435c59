"""``python -m clients.fingerprints hospital=aiims_delhi key=shared.key out=aiims.json``: keyed tokens of the slices.

The file holds indices and tokens, no image and no file name; the centre compares such files of several hospitals
(`python -m server.cross_duplicates`) and answers with indices, which ``matches=FILE`` turns into file names here.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from omegaconf import DictConfig
from rich.console import Console

from clients.hospital_command import reading_bar, take_settings, write_for_owner
from common.config.hospital import Hospital
from common.config.hydra import run_main
from common.config.settings import DataSettings
from common.data.cache import ImageLibrary, open_library
from common.data.identity.known import known_cases
from common.data.identity.labelling import scan_hospital
from common.data.identity.pseudonyms import Pseudonyms
from common.data.identity.written import written_ids
from common.data.scan import Scan, require_images
from common.data.thumbs import Indices
from common.errors import InputError
from common.files import JSON_BYTES, read_text
from common.keys import load_shared_key
from common.overlap.fingerprints import make_fingerprints
from common.overlap.matches import MatchList
from common.overlap.patients import patient_tokens, token_of
from common.text import counted


@dataclass
class FingerprintSettings:
    """Everything ``python -m clients.fingerprints`` can be told besides the hospital."""

    key: str | None = None  # file of the key that the hospitals share (`clients.shared_key`)
    out: str | None = None  # file for the fingerprints, for the centre
    matches: str | None = None  # file from the centre: say which files are meant
    data: DataSettings = field(default_factory=DataSettings)  # as in a run, whose decoded slices are used


def main() -> None:
    """Run the command line."""
    run_main(fingerprint_hospital, "fingerprints")


def fingerprint_hospital(config: DictConfig) -> None:
    """Write one hospital's fingerprints, or look up what the centre found.

    Raises
    ------
    InputError
        When the configuration or the key is wrong, there is no image, or a file cannot be read or written.
    """
    hospital, settings = take_settings(config, FingerprintSettings)
    console = Console(highlight=False, soft_wrap=True)
    if settings.matches and not settings.out:
        key = load_shared_key(Path(settings.key)) if settings.key else None
        _look_up(hospital, settings.data, Path(settings.matches), key, console)
    elif settings.key and settings.out and not settings.matches:
        _write(hospital, settings.data, load_shared_key(Path(settings.key)), Path(settings.out), console)
    else:
        raise InputError("CONF012", "Say key=FILE and out=FILE to make fingerprints, or matches=FILE to look some up.")


def _write(hospital: Hospital, data: DataSettings, key: bytes, out: Path, console: Console) -> None:
    scan = _scan(hospital, data)
    with reading_bar(console) as on_progress:
        library = open_library(scan, data.image_size, Path(data.cache_dir), on_progress=on_progress)
    patients = patient_tokens(*_ids(hospital, scan, library, data), key)
    made = make_fingerprints(hospital, scan, library, key, Path(data.cache_dir), patients)
    write_for_owner(out, made.to_json(), "out")
    slices = f"{len(made):,} of {made.file_count:,} slices and of {counted(len(patients), 'known patient')}"
    console.print(f"{out}: fingerprints of {slices}, for the centre.", markup=False)
    console.print(f"The key's mark is {made.key_mark}; the other hospitals should see the same.")


def _look_up(hospital: Hospital, data: DataSettings, path: Path, key: bytes | None, console: Console) -> None:
    """Print a line for each match: this hospital's file, and who else holds it or its patient."""
    try:
        found = MatchList.from_json(read_text(path, JSON_BYTES), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("DUP005", f"{path} cannot be read ({getattr(error, 'strerror', 'no text')}).") from None
    if found.hospital != hospital.key:
        raise InputError("DUP005", f"{path} is for '{found.hospital}', and this is '{hospital.key}'.")
    scan = _scan(hospital, data)
    if found.files_sha256 != scan.paths_digest:
        raise InputError(
            "DUP007",
            f"The files of {hospital.name} are not those that were fingerprinted; make and compare fingerprints again.",
        )
    if any(not 0 <= own < len(scan.files) for own, _, _ in found.matches):
        raise InputError(
            "DUP005", f"{path} names slices that {hospital.name} does not have; ask the centre to make it again."
        )
    for own, name, theirs in found.matches:
        console.print(f"{scan.files[own].name}  is at {name}, number {theirs}", markup=False)
    slices = len({own for own, _, _ in found.matches})
    console.print(f"{slices:,} of {len(scan.files):,} slices are at another hospital too.")
    if found.patients and key is None:
        console.print("Patients are, too: add key=FILE, the shared key, to see whose slices they are.")
    elif found.patients and key is not None:
        with reading_bar(console) as on_progress:
            library = open_library(scan, data.image_size, Path(data.cache_dir), on_progress=on_progress)
        _name_patients(found, scan, *_ids(hospital, scan, library, data), key, console)


def _name_patients(found: MatchList, scan: Scan, ids: list[str], number: Indices, key: bytes, console: Console) -> None:
    """Print the files of the patients whom another hospital knows too."""
    tokens = {token_of(patient, key): whose for whose, patient in enumerate(ids) if patient}
    for token, name, _ in found.patients:
        for index in np.flatnonzero(number == tokens.get(token, -2)).tolist():
            console.print(f"{scan.files[index].name}  is of a patient whom {name} knows too", markup=False)
    patients = len({token for token, _, _ in found.patients})
    console.print(f"{counted(patients, 'patient')} may be at another hospital too, if the ids are not alike by chance.")


def _ids(hospital: Hospital, scan: Scan, library: ImageLibrary, data: DataSettings) -> tuple[list[str], Indices]:
    """Return the ids of the patients that are known, and whose each slice is."""
    known = known_cases(scan, library.said, Pseudonyms(Path(data.cache_dir)), hospital.patient_pattern)
    return written_ids(scan, known, hospital.patient_pattern), known.number


def _scan(hospital: Hospital, data: DataSettings) -> Scan:
    scan = scan_hospital(Path(data.root) / hospital.path, hospital.class_map, data.slice_step)
    require_images(scan)
    return scan


if __name__ == "__main__":
    main()
