"""How much slices look like the most similar one among others: of test slices, for example, among those trained on."""

import numpy as np

from common.data.thumbs import ORIENTATIONS, Floats, Indices, Thumbs, correlate_all, one_blas_thread, orient

# Slices compared at a time: a table of 256 x 2,048 correlations is 4 MB.
_ROWS, _COLUMNS = 256, 2048


def nearest_likeness(thumbs: Thumbs, of: Indices, to: Indices) -> Floats:
    """Return for each slice `of` its highest correlation with any slice of `to`, in any of the eight orientations.

    Whole numbers decide, as for look-alikes, so that the same thumbnails give the same likeness on any machine.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Of all slices; `of` and `to` count through them. A slice in both is as like itself as can be.

    Returns
    -------
    ndarray of float64, shape [len(of)]
        Normalised correlations, -1 to 1; -1 where `to` is empty.
    """
    nearest = np.full(len(of), -1.0)
    with one_blas_thread():
        for start in range(0, len(of), _ROWS):
            rows = thumbs[of[start : start + _ROWS]]
            turned = [orient(rows, orientation) for orientation in range(len(ORIENTATIONS))]
            best = nearest[start : start + _ROWS]
            for first in range(0, len(to), _COLUMNS):
                columns = thumbs[to[first : first + _COLUMNS]]
                for pictures in turned:
                    np.maximum(best, correlate_all(pictures, columns).max(axis=1), out=best)
    return np.minimum(nearest, 1.0)
