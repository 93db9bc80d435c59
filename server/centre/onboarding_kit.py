"""What a hospital gets from the centre: whom to trust, and a settings file to fill in."""

import json
import re
from pathlib import Path

from common import files
from common.config.hospital import Hospital
from common.config.hydra import load_hospital
from common.errors import InputError
from common.labels import CLASSES
from server.centre.layout import Centre

# a word, a number of words, a path or host:port: what nobody reads as anything but a text
_PLAIN = re.compile(r"[A-Za-z/][\w./-]*( [\w./-]+)*|[\w.-]+:\d{1,5}", re.ASCII)
_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
_TEMPLATE = """\
# python -m clients.join --config hospital.yaml
# Everything in this file stays at the hospital.
superlink: {address}
# paths count from this file
root_certificate: ca.crt           # from the centre
private_key: {key}.key
data_root: {root}        # the folder that holds 'path' below
cache_dir: cache                   # decoded slices: as private as the slices
device: auto                       # auto | cpu | cuda
port: 9094                         # for this machine's own use; another one for a second hospital on it
# fingerprint_key: shared.key      # the hospitals' own, not from the centre: docs/cross_duplicates.md
# keep_cases: true                 # a table of the test cases stays here after each run: docs/cases.md
# What the centre may ask of this hospital; every setting has a safe default: docs/policy.md
# policy:
#   min_train_slices: 20           # raise it to some hundred if there are that many
#   batch_size: [8, 512]
#   rounds_a_day: 1000
#   ask: false                     # true: each run waits for a yes at the terminal of clients.join
hospital:
  key: {key}
  name: {name}
  dataset_id: {dataset_id}
  path: {path}
  location: {location}
  specialty: {specialty}
{pattern}
  class_map:                       # folder name: glioma | meningioma | pituitary | notumor
{class_map}
"""


def write_onboarding_kit(centre: Centre, key: str, address: str) -> Path:
    """Write the folder for the hospital `key` and return it; `address` is the SuperLink's host:port.

    Where the centre makes the hospital's private key, the caller puts it there, too.
    """
    folder = centre.onboarding_kits / key
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.replace(folder / "ca.crt", files.read_bytes(centre.ca_certificate))
    files.replace(folder / "ledger.pub", files.read_bytes(centre.ledger_public_key))
    files.replace(folder / "hospital.yaml", site_yaml(_known(key), address).encode())
    return folder


def site_yaml(hospital: Hospital, address: str, root: str = "/path/to/slices") -> str:
    """Return a hospital's settings file."""
    return _TEMPLATE.format(
        address=_quoted(address),
        root=_quoted(root),
        class_map="\n".join(f"    {_quoted(folder)}: {label}" for folder, label in hospital.class_map.items()),
        **{name: _quoted(getattr(hospital, name)) for name in ("key", "name", "dataset_id", "path", "specialty")},
        location=list(hospital.location),
        pattern=_pattern(hospital.patient_pattern),
    )


def _pattern(pattern: str) -> str:
    line = f"  patient_pattern: {_quoted(pattern)}" if pattern else "  # patient_pattern: 'p(\\d+)_'"
    return f"{line:<35}# finds the patient in a file's name; manifest.csv and DICOM need none"


def _quoted(text: str) -> str:
    """Return a text as YAML reads it back: in quotes where it could be taken for something else."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


def _known(key: str) -> Hospital:
    """Take the hospital's facts from conf/hospital/, or leave them to be filled in."""
    try:
        return load_hospital(key)
    except InputError:
        classes = {name: name for name in CLASSES}
        return Hospital(key, key.replace("_", " ").title(), "dataset", "slices", (0.0, 0.0), "to be said", classes)
