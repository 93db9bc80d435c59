"""A finished run's model, read with everything that a further use of it must know, and checked first."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.artifacts.external.trained_at import TrainedAt, read_file, read_object, trained_at
from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import require_verified
from common.artifacts.values import count, number, sequence, text
from common.artifacts.weights import check_weights
from common.artifacts.words import POOLED
from common.config.architectures import architecture_of
from common.errors import InputError
from common.labels import CLASSES
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.text import shown

_MOST_BYTES = 2_000_000_000  # the weights of any network here are far below


@dataclass(frozen=True)
class FinishedModel:
    """The model of a completed run, as its files say; they were compared with its ledger."""

    folder: RunFolder
    arrays: Arrays
    sha256: str  # of the file of weights
    meta: Mapping[str, Any]  # ``model_meta.json``
    network: str
    hospitals: Mapping[str, TrainedAt]  # by key
    reference: "FinishedModel | None" = None  # the model that it is compared with, on the same slices

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


def read_finished(folder: RunFolder, network: str | None = None, pooled: bool = False) -> FinishedModel:
    """Read the model of a completed run.

    Parameters
    ----------
    network : str, optional
        That it must be of.
    pooled : bool
        Whether the model of pooled slices will do: where it is only tested, and every slice is on this machine anyway.

    Raises
    ------
    InputError
        ``MODEL001`` the run is not completed, ``MODEL002`` it shares no model, or pooled the slices, ``MODEL003`` other
        classes, ``MODEL008`` another network; ``LEDGER001``, ``LEDGER002``, ``SERVICE004`` for a file that was changed;
        ``MODEL004`` for one that is missing or cannot be read.
    """
    state = read_object(folder.status).get("state")
    if state != "completed" or not folder.meta.exists():
        now = "running" if state == "running" else shown(state, 40)
        raise InputError(
            "MODEL001", f"{folder.run_id} is not completed ({now}), so it has no finished model; let it end first."
        )
    require_verified(folder)
    meta = read_object(folder.meta)
    refused = meta.get("pooled") is True and not pooled
    if reason := POOLED if refused else text(meta.get("no_shared_model")):
        raise InputError("MODEL002", f"{folder.run_id} has no model of a federation to use further. {reason}")
    if (classes := list(sequence(meta.get("classes")))) != list(CLASSES):
        raise InputError(
            "MODEL003",
            f"{folder.run_id} was trained for other classes ({shown(classes, 200)}) than this version's "
            f"({', '.join(CLASSES)}).",
        )
    found = architecture_of(meta)
    if network not in (None, found):
        raise InputError(
            "MODEL008",
            f"{folder.run_id} trained {found}, so its model cannot be used as {network}; choose model={shown(found)}.",
        )
    content = read_file(folder.best_weights, _MOST_BYTES)
    state_dict = check_weights(content, text(meta.get("sha256")), f"{folder.run_id}/global_model.pth", found)
    arrays, digest = arrays_from_state(state_dict), hashlib.sha256(content).hexdigest()
    return FinishedModel(folder, arrays, digest, meta, found, trained_at(folder))
