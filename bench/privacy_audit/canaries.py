"""Which canaries take part, and what guesses about them show."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from bench.privacy_audit.audited import AuditedRun
from bench.privacy_audit.lower_bound import Scores, bound_from
from bench.privacy_audit.outsider import SCORE, outsider_scores
from common.artifacts.privacy.audit import Canaries
from common.seeds import stream_seed

DELTA = 1e-5
"""Of the bound, where the run has none of its own."""


def outside_bound(run: AuditedRun, count: int, seed: int, delta: float) -> Canaries:
    """Train with odd patients among the others, and bound epsilon by what the released model tells of them."""
    included = toss(count, seed)
    return judged(outsider_scores(run, included, seed), included, delta, SCORE)


def toss(count: int, seed: int) -> npt.NDArray[np.bool_]:
    """Return for each canary whether it takes part, with probability one half."""
    return np.random.Generator(np.random.PCG64(stream_seed(seed, "canaries"))).random(count) < 0.5


def judged(scores: Scores, included: npt.NDArray[np.bool_], delta: float, score: str) -> Canaries:
    """Bound epsilon by scores."""
    return Canaries(**asdict(bound_from(scores, included, delta)), score=score)
