"""What a run says of its model's distances: in ``model_meta.json``, beside the file that holds them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from common.metrics.familiar.distances import within
from common.metrics.familiar.file import Recorded, encode

SECURE = "With secure aggregation no hospital returns sums of its own."
NO_MODEL = "The hospitals share no whole model."
NO_SUMS = "No hospital returned sums of features: their policies forbid it, or they have too few slices."
TOO_FEW = "There are too few validation slices to say which distance is too far."


@dataclass(frozen=True)
class Familiarity:
    """What was found out, or why nothing was."""

    recorded: Recorded | None = None
    train_slices: int = 0
    """That the sums are of."""
    hospitals: tuple[str, ...] = ()
    """Those that returned sums, by name."""
    reason: str | None = None
    """Why there is nothing."""

    def file(self) -> bytes | None:
        """Return the content of ``familiarity.npz``."""
        return encode(self.recorded) if self.recorded else None

    def to_json(self) -> dict[str, Any]:
        """Return what ``model_meta.json`` says of it."""
        if self.recorded is None:
            return {"reason": self.reason}
        found = self.recorded
        parts = {"val": found.val, "test": found.test}
        return {
            "sha256": hashlib.sha256(encode(found)).hexdigest(),
            "features": len(found.likeness.mean),
            "threshold": found.threshold,
            "train_slices": self.train_slices,
            "hospitals": list(self.hospitals),
            **{
                name: {"slices": int(counts.sum()), "within": within(counts, found.threshold)}
                for name, counts in parts.items()
            },
        }
