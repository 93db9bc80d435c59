import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from common.data import duplicates
from common.data.duplicates import find_near_duplicates
from common.data.shortlist import Shortlist
from tests.common.data.test_duplicates_exhaustive import slices


def test_the_list_is_short():
    """Of 45,150 pairs of slices in eight orientations, a few hundred are looked at in full."""
    thumbs = slices(301, 7)
    shortlist = Shortlist(thumbs, 0.959)
    looked_at = 0
    for orientation in range(8):
        for rows, columns in shortlist.blocks(orientation):
            refined = [shortlist.refined(rows[[place]], columns, orientation) for place in range(len(rows))]
            looked_at += sum(map(len, refined))
    assert looked_at < 3 * len(thumbs)


def test_blocks_hold_every_picture_once():
    shortlist = Shortlist(slices(301, 7), 0.959)
    rows = np.concatenate([rows for rows, _ in shortlist.blocks(3)])
    assert sorted(rows.tolist()) == list(range(301))


def test_a_search_takes_one_thread_and_gives_the_others_back(monkeypatch):
    """Several that wait for each other after every small product take six times the processor and longer."""
    threads = []

    class Looking(Shortlist):
        def __init__(self, *given):
            threads.append(numbers())
            super().__init__(*given)

    def numbers():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    monkeypatch.setattr(duplicates, "Shortlist", Looking)
    with threadpool_limits(limits=2, user_api="blas"):
        find_near_duplicates(slices(3, 1))
        assert (threads, numbers()) == ([{1}], {2})
