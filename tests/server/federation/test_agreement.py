"""How long each hospital's update is and how far it agrees with the others', as it is recorded."""

from dataclasses import replace

import numpy as np
import pytest

from server.federation.agreement import agreements
from tests.support.updates import updates_of

REFERENCE = {"fc.weight": np.ones(2, np.float32), "bn.running_var": np.ones(1, np.float32)}


def model(x: float, y: float, variance: float = 1.0):
    return {
        "fc.weight": np.array([1 + x, 1 + y], np.float32),
        "bn.running_var": np.array([variance], np.float32),
    }


def test_length_distance_and_cosine_are_those_of_the_ways():
    sent = updates_of((model(3, 0), 100), (model(0, 4), 1), (model(3, 4), 1))
    found = agreements(sent, sent, REFERENCE)
    assert [each.norm for each in found.values()] == [3, 4, 5]
    assert {each.kept for each in found.values()} == {1.0}
    mean = np.array([2.0, 8 / 3])
    assert found["h0"].distance == pytest.approx(np.linalg.norm(mean - [3, 0]), rel=1e-3)
    assert found["h0"].cosine == pytest.approx(3 / np.hypot(3, 8), rel=1e-3), "the mean of the others is (1.5, 4)"
    assert found["h2"].cosine == pytest.approx(1.0, rel=1e-3)


def test_what_goes_the_other_way_has_a_negative_cosine_however_long_it_is():
    sent = updates_of((model(1, 0), 1), (model(1, 1), 1), (model(1, 0), 1), (model(-900, 0), 1))
    clipped = replace(sent, shares=[{}, {}, {}, {"fc.weight": 1 / 900}])
    found = agreements(clipped, sent, REFERENCE)
    assert found["h3"].cosine < -0.9
    assert min(found[f"h{n}"].cosine for n in range(3)) > 0.4, "the wrong one does not carry the mean away"
    assert found["h3"].norm == 900
    assert found["h3"].kept == pytest.approx(1 / 900, rel=1e-3)


def test_one_that_was_left_out_is_beside_the_others_and_not_among_them():
    sent = updates_of((model(1, 0), 1), (model(1, 0), 1), (model(1, 0), 1), (model(-4, 0), 1))
    found = agreements(replace(sent, counts=[1, 1, 1, 0]), sent, REFERENCE)
    assert (found["h3"].norm, found["h3"].kept, found["h3"].distance, found["h3"].cosine) == (4, 0, 5, -1)
    assert {(each.kept, each.distance, each.cosine) for key, each in found.items() if key != "h3"} == {(1, 0, 1)}


def test_statistics_do_not_count():
    sent = updates_of((model(1, 0), 1), (model(1, 0, variance=1e9), 1))
    assert {each.distance for each in agreements(sent, sent, REFERENCE).values()} == {0.0}


def test_one_alone_and_one_that_did_not_move_have_no_angle():
    (alone,) = agreements(updates_of((model(1, 0), 1)), updates_of((model(1, 0), 1)), REFERENCE).values()
    assert (alone.norm, alone.distance, alone.cosine) == (1, None, None)
    sent = updates_of((model(0, 0), 1), (model(1, 0), 1), (model(0, 1), 1))
    assert agreements(sent, sent, REFERENCE)["h0"].cosine is None
