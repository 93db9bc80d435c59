"""Flower's strategies by the name that ``strategy.name`` gives."""

from __future__ import annotations

from flwr.serverapp.strategy import FedAvg, Strategy

from common import wire
from common.settings import StrategySettings


def make_strategy(settings: StrategySettings) -> Strategy:
    """Build the strategy.

    FedBN is the mean of what travels, local training of nothing; pooled training has its own rounds (`server.pooled`).
    Quorum, deadline and waiting are this project's (see `server.rounds`): Flower's own minima only steer its sampling.
    """
    if settings.name not in ("fedavg", "fedprox", "fedbn", "local", "pooled"):
        raise ValueError(f"unknown strategy {settings.name!r}")
    return FedAvg(
        min_train_nodes=1,
        min_evaluate_nodes=1,
        min_available_nodes=1,
        weighted_by_key=wire.SAMPLES,
        arrayrecord_key=wire.ARRAYS,
        configrecord_key=wire.CONFIG,
    )


def quorum(settings: StrategySettings, hospitals: int) -> int:
    """Return how many usable updates a round needs: by default all but one, and at least two."""
    return settings.min_hospitals or max(2, hospitals - 1)
