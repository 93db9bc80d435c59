"""Train small first, finish at full size: early rounds learn as much from small slices in a fraction of the time.

Progressive resizing as in Howard's fast.ai course and DAWNBench entry (2018); ResNet18 ends in an average over the
whole slice, so that the same weights take any size.
"""

from __future__ import annotations

from common.config.settings import DataPlan, TrainPlan


def pixels_at(data: DataPlan, train: TrainPlan, server_round: int, rounds: int) -> int:
    """Return the side of the slices that a round trains and validates on.

    Parameters
    ----------
    data : DataPlan
        Gives the full size.
    train : TrainPlan
        Gives the small size and the share of rounds that use it.
    server_round, rounds : int
        Present round, from 1, and rounds of the run; the last round is always at full size.

    Returns
    -------
    int
        Pixels.
    """
    small_rounds = min(round(train.small_share * rounds), rounds - 1)
    if train.small_pixels is None or server_round > small_rounds:
        return data.image_size
    return train.small_pixels
