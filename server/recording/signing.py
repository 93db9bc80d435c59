"""The key that signs a run's ledger: the centre's where there is one, else one of this output folder's own."""

import contextlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from filelock import FileLock

from common import files, keys
from common.artifacts.layout import RunFolder, ledger_keys
from common.errors import InputError
from common.files import append_line

PrivateKey = ec.EllipticCurvePrivateKey
_OWN_KEY = "private.key"


def key_for_new(output_dir: Path, centre_key: Path | None) -> PrivateKey:
    """Return the key that signs new ledgers; the first time it is made (mode 0600).

    Parameters
    ----------
    centre_key : Path or None
        Where the centre keeps it; None in a simulation, whose key lies in its output folder.

    Raises
    ------
    InputError
        ``OUT001`` or ``KEY001`` it cannot be written, ``KEY002`` it cannot be read.
    """
    path, room = _places(output_dir, centre_key)[0], ledger_keys(output_dir).parent
    try:
        room.mkdir(exist_ok=True)
        with FileLock(room / ".lock"):  # two runs that start at once make one key
            if not path.exists():
                keys.new_private_key(path)
            key = keys.load_private(path)
            _publish(ledger_keys(output_dir), line_of(key))
    except OSError as error:
        raise InputError(
            "OUT001", f"{room} cannot be written ({error.strerror}); choose another place with output_dir=..."
        ) from None
    return key


def key_of(folder: RunFolder, centre_key: Path | None, line: str) -> PrivateKey:
    """Return the private half of the key that signed a ledger so far.

    Raises
    ------
    InputError
        ``LEDGER004`` if it is not here.
    """
    places = _places(folder.output_dir, centre_key)
    for path in places:
        with contextlib.suppress(InputError):
            if line_of(key := keys.load_private(path)) == line:
                return key
    shown = keys.fingerprint(keys.public_from_line(line))
    raise InputError(
        "LEDGER004",
        f"The key that signs the ledger of {folder.run_id} ({shown}) is not {' or '.join(map(str, places))}; put it "
        "back, or start a new run.",
    )


def line_of(key: PrivateKey) -> str:
    """Return the public half as a ledger's first line holds it."""
    return keys.public_line(key.public_key()).decode()


def _places(output_dir: Path, centre_key: Path | None) -> list[Path]:
    own = ledger_keys(output_dir).with_name(_OWN_KEY)
    return [centre_key, own] if centre_key else [own]


def _publish(path: Path, line: str) -> None:
    """Write a public key down, so that a ledger with another key is noticed."""
    known = files.read_text(path).splitlines() if path.exists() else []
    if line not in known:
        append_line(path, line.encode())
