"""How far a run is: what a round starts from, what a checkpoint holds, what a resume takes up."""

import json
import pickle
import secrets
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch

from common.artifacts.external.lineage import Origin, origin_of
from common.artifacts.schema import Round
from common.artifacts.weights import checkpoint_file
from common.errors import InputError
from common.files import open_regular, write_bytes
from common.model.state import arrays_from_state, state_from_arrays
from common.model.weights import Arrays
from common.protocol.description import Description

# whatever a file that is no checkpoint makes PyTorch or the reading of it raise
_DAMAGE = (
    OSError,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    RuntimeError,
    EOFError,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
)


@dataclass
class RunProgress:
    """The state of a run after its last complete round."""

    arrays: Arrays
    """The global model."""
    round: int = 0
    """Last complete round; 0 before the first."""
    best_arrays: Arrays = field(default_factory=dict)
    """The model of the best round."""
    best_round: int = 0
    """0 before the first."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """The rows of ``training_history.json``."""
    files: dict[str, str] = field(default_factory=dict)
    """Hospital key to the hash of its list of files; a resume demands the same."""
    missing: list[str] = field(default_factory=list)
    """Names of hospitals that missed a round."""
    described: dict[str, str] = field(default_factory=dict)
    """Hospital key to its description as JSON, also of one that is away at present."""
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    """Names the run to its hospitals, 32 random hexadecimal digits; what they keep is filed under it."""
    memory: dict[str, Arrays] = field(default_factory=dict)
    """What the strategy needs of the rounds before, such as its momentum; by name."""
    origin: Origin | None = None
    """The finished model that the run began with; None where the seed made the first one."""
    ledger: str = ""
    """SHA-256 of the first line of the run's ledger; empty where an earlier version began the run."""

    @property
    def best_row(self) -> dict[str, Any]:
        """The best round's row of ``training_history.json``; empty before the first."""
        return next((row for row in self.history if row["epoch"] == self.best_round), {})

    def best(self) -> Round | None:
        """Return what happened in the best round; None before the first."""
        return msgspec.convert(self.best_row, Round) if self.best_round else None

    def descriptions(self) -> dict[str, Description]:
        """Return what each hospital said of itself, by its key.

        Raises
        ------
        InputError
            ``RUN003`` if that cannot be.
        """
        try:
            return {key: Description.from_json(text) for key, text in self.described.items()}
        except (ValueError, TypeError) as error:
            raise InputError(
                "RUN003", f"The checkpoint holds what no hospital can be ({error}); start a new run."
            ) from None

    def save(self, path: Path) -> None:
        """Write the checkpoint in one step."""
        write_bytes(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the checkpoint's content; a model that is the last and the best one is in it once."""
        arrays = state_from_arrays(self.arrays)
        content = {
            "arrays": arrays,
            "best_arrays": arrays if self.best_arrays is self.arrays else state_from_arrays(self.best_arrays),
            "round": self.round,
            "best_round": self.best_round,
            "history": json.dumps(self.history),
            "files": self.files,
            "missing": self.missing,
            "described": self.described,
            "token": self.token,
            "memory": {name: state_from_arrays(arrays) for name, arrays in self.memory.items()},
            "ledger": self.ledger,
            "init": json.dumps(self.origin.to_json() if self.origin else None),
        }
        return checkpoint_file(content)

    @staticmethod
    def load(path: Path) -> "RunProgress":
        """Read a checkpoint.

        Raises
        ------
        InputError
            ``RUN003`` if it is missing or damaged.
        """
        try:
            with open_regular(path) as file:
                content = torch.load(file, weights_only=True)
            return RunProgress(
                arrays=arrays_from_state(content["arrays"]),
                round=int(content["round"]),
                best_arrays=arrays_from_state(content["best_arrays"]),
                best_round=int(content["best_round"]),
                history=json.loads(content["history"]),
                files=dict(content["files"]),
                missing=list(content["missing"]),
                described=dict(content.get("described", {})),
                token=str(content.get("token") or secrets.token_hex(16)),
                memory={name: arrays_from_state(state) for name, state in content.get("memory", {}).items()},
                ledger=str(content.get("ledger", "")),
                origin=origin_of({"init": json.loads(content.get("init", "null"))}),
            )
        except _DAMAGE as error:
            raise InputError(
                "RUN003", f"{path} cannot be read ({type(error).__name__}), so this run cannot go on; start a new one."
            ) from None
