"""What a run says of its model's distances: in ``model_meta.json``, beside the file that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.metrics.familiar.distances import within
from common.metrics.familiar.file import Recorded, encode

SECURE = "With secure aggregation no hospital returns sums of its own."
PRIVATE = "With differential privacy nothing leaves a hospital of its training slices but noisy updates."
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


def said(recorded: Any) -> str:
    """Say what ``familiarity`` of ``model_meta.json`` holds; anything else is not recorded."""
    found = recorded if isinstance(recorded, Mapping) else {}
    test = found.get("test")
    slices, passing = (test.get(key) if isinstance(test, Mapping) else None for key in ("slices", "within"))
    if isinstance(slices, int) and isinstance(passing, int) and 0 <= passing <= slices and slices:
        return (
            f"An image that is unlike the slices of training gets no answer; {100 * passing / slices:.1f} % of "
            f"{slices:,} test slices are like them."
        )
    reason = found.get("reason")
    why = f" {reason}" if reason in (SECURE, PRIVATE, NO_MODEL, NO_SUMS, TOO_FEW) else ""
    return f"Whether an image is like the slices of training cannot be checked with this model.{why}"
