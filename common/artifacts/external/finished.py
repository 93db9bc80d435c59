"""A finished run's model, read with everything that a further use of it must know, and checked first."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common import files
from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import require_verified
from common.artifacts.values import count, mapping, number, sequence, text
from common.artifacts.weights import check_weights
from common.config.architectures import architecture_of
from common.errors import InputError
from common.labels import CLASSES
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.text import shown

_MOST_BYTES = 2_000_000_000  # the weights of any network here are far below


@dataclass(frozen=True)
class TrainedAt:
    """A hospital that took part in a run, and which of its files were in which part of the split."""

    key: str
    name: str
    files_sha256: str  # of its list of files
    file_count: int
    train: frozenset[int]
    test: tuple[int, ...]


@dataclass(frozen=True)
class FinishedModel:
    """The model of a completed run, as its files say; they were compared with its ledger."""

    folder: RunFolder
    arrays: Arrays
    sha256: str  # of the file of weights
    meta: Mapping[str, Any]  # ``model_meta.json``
    network: str
    hospitals: Mapping[str, TrainedAt]  # by key

    @property
    def run_id(self) -> str:
        """The run's number."""
        return self.folder.run_id

    @property
    def token(self) -> str:
        """What names the run to its hospitals; empty where it is not recorded."""
        if not self.folder.ledger.exists():
            return ""
        from common.artifacts.ledger.lines import read_chain

        return read_chain(self.folder.ledger).began.token

    @property
    def image_size(self) -> int:
        """Side of the slices, pixels; 0 where it is not recorded."""
        return count(self.meta.get("image_size")) or 0

    @property
    def temperature(self) -> float:
        """By which scores are divided for a calibrated confidence; 1 where none was fitted."""
        return number(self.meta.get("temperature")) or 1.0

    @property
    def best_round(self) -> int:
        """The round whose model it is."""
        return count(self.meta.get("best_epoch")) or 1


def read_finished(folder: RunFolder) -> FinishedModel:
    """Read the model of a completed run.

    Raises
    ------
    InputError
        ``MODEL001`` the run is not completed, ``MODEL002`` it shares no model, or pooled the slices, ``MODEL003`` other
        classes; ``LEDGER001``, ``LEDGER002``, ``SERVICE004`` for a file that was changed; ``MODEL004`` for one that is
        missing or cannot be read.
    """
    state = _json(folder, folder.status).get("state")
    if state != "completed" or not folder.meta.exists():
        now = "running" if state == "running" else shown(state, 40)
        raise InputError(
            "MODEL001", f"{folder.run_id} is not completed ({now}), so it has no finished model; let it end first."
        )
    require_verified(folder)
    meta = _json(folder, folder.meta)
    if reason := text(meta.get("no_shared_model")) or (meta.get("pooled") is True and text(meta.get("notice"))):
        raise InputError("MODEL002", f"{folder.run_id} has no model of a federation to use further. {reason}")
    if (classes := list(sequence(meta.get("classes")))) != list(CLASSES):
        raise InputError(
            "MODEL003",
            f"{folder.run_id} was trained for other classes ({shown(classes, 200)}) than this version's "
            f"({', '.join(CLASSES)}).",
        )
    content, network = _read(folder, folder.best_weights.name), architecture_of(meta)
    state_dict = check_weights(content, text(meta.get("sha256")), f"{folder.run_id}/global_model.pth", network)
    arrays, digest = arrays_from_state(state_dict), hashlib.sha256(content).hexdigest()
    return FinishedModel(folder, arrays, digest, meta, network, _hospitals(folder))


def _hospitals(folder: RunFolder) -> dict[str, TrainedAt]:
    """Read which files each hospital trained on; the run's files name them by hospital."""
    stats, splits = _json(folder, folder.stats), mapping(_json(folder, folder.splits).get("hospitals"))
    found = {}
    for name, part in splits.items():
        key, digest = text(mapping(stats.get(name)).get("key")), text(mapping(part).get("files_sha256"))
        if key is None or digest is None:
            raise InputError(
                "MODEL004",
                f"{folder.run_id} does not record which slices {shown(name)} trained on, so nobody can tell which were "
                "held back; train it anew with this version.",
            )
        train, test = (_indices(part.get(field)) for field in ("train_idx", "test_idx"))
        found[key] = TrainedAt(key, name, digest, count(part.get("file_count")) or 0, frozenset(train), tuple(test))
    return found


def _indices(value: Any) -> Sequence[int]:
    return [index for item in sequence(value) if (index := count(item)) is not None]


def _json(folder: RunFolder, path: Any) -> Mapping[str, Any]:
    try:
        found = files.parse_json(_read(folder, path.name, files.JSON_BYTES))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError("MODEL004", f"{folder.run_id}/{path.name} is no JSON object, so its model cannot be used.")
    return found


def _read(folder: RunFolder, name: str, most: int = _MOST_BYTES) -> bytes:
    try:
        return files.read_bytes(folder.path / name, most)
    except OSError as error:
        raise InputError(
            "MODEL004", f"{folder.run_id}/{name} cannot be read ({files.why(error)}), so its model cannot be used."
        ) from None
