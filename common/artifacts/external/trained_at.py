"""Which slices a finished run trained on at each hospital, as its folder records them; read without PyTorch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import files
from common.artifacts.layout import RunFolder
from common.artifacts.values import count, mapping, sequence, text
from common.errors import InputError
from common.text import shown


@dataclass(frozen=True)
class TrainedAt:
    """A hospital that took part in a run, and which of its files were in which part of the split."""

    key: str
    name: str
    files_sha256: str  # of its list of files
    file_count: int
    train: frozenset[int]
    test: tuple[int, ...]


def trained_at(folder: RunFolder) -> dict[str, TrainedAt]:
    """Return by hospital key what each trained on.

    Raises
    ------
    InputError
        ``MODEL004`` where the run does not record it.
    """
    stats, splits = read_object(folder.stats), mapping(read_object(folder.splits).get("hospitals"))
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


def read_object(path: Path) -> Mapping[str, Any]:
    """Read one JSON object of a finished run; raises `InputError` ``MODEL004``."""
    try:
        found = files.parse_json(read_file(path, files.JSON_BYTES))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(
            "MODEL004", f"{path.parent.name}/{path.name} is no JSON object, so this run's model cannot be used."
        )
    return found


def read_file(path: Path, most: int) -> bytes:
    """Read one file of a finished run; raises `InputError` ``MODEL004``."""
    try:
        return files.read_bytes(path, most)
    except OSError as error:
        raise InputError(
            "MODEL004",
            f"{path.parent.name}/{path.name} cannot be read ({files.why(error)}), so this run's model cannot be used.",
        ) from None
