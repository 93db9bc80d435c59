"""The design effect of a recorded test: what its bootstrap over groups says of how far related slices count as one."""

from typing import Any

import numpy as np

from common.artifacts.values import count, interval, mapping, matrix
from common.labels import NUM_CLASSES
from common.metrics.clusters import effect_of_interval


def effect_of(body: Any) -> float:
    """Return the design effect of a hospital's accuracy, from its part of ``per_hospital``; 1 where none was drawn."""
    drawn = mapping(mapping(mapping(body).get("intervals")).get("bootstrap"))
    rows = matrix(mapping(body).get("confusion_matrix"), NUM_CLASSES)
    if rows is None:
        return 1.0
    confusion = np.asarray(rows, dtype=np.int64)
    ends, groups = interval(drawn.get("test_accuracy")), count(drawn.get("groups")) or 0
    return effect_of_interval(ends, int(np.trace(confusion)), int(confusion.sum()), groups)
