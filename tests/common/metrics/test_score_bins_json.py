"""Cases by score, as a run's file keeps them."""

import json

import numpy as np
import pytest

from common.metrics.score_bins import BINS, count_scores, from_json, to_json


def test_counts_come_back_as_they_were():
    random = np.random.default_rng(0)
    scores = count_scores(random.dirichlet([0.2] * 4, 300), random.integers(0, 4, 300))
    back = from_json(json.loads(json.dumps(to_json(scores))))
    assert back is not None
    assert np.array_equal(back, scores)


def body(**changes):
    return {name: {"own": [], "others": []} for name in ("glioma", "meningioma", "pituitary", "notumor")} | changes


@pytest.mark.parametrize(
    "recorded",
    [
        None,
        [],
        {},
        body(glioma=None),
        body(glioma={"own": []}),
        body(glioma={"own": [["x", 1]], "others": []}),
        body(glioma={"own": [[BINS, 1]], "others": []}),
        body(glioma={"own": [[-1, 1]], "others": []}),
        body(glioma={"own": [[1, -1]], "others": []}),
        body(glioma={"own": [[1, 0.5]], "others": []}),
        body(glioma={"own": [[1, 2**60]], "others": []}),
    ],
)
def test_what_is_no_count_is_none(recorded):
    assert from_json(recorded) is None
