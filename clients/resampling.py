"""How a hospital draws its groups of slices for the bootstrap: the same each time, and so that only it can know how."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from clients.site import Site
from common.data.prepare import PreparedHospital
from common.metrics.bootstrap import Resampling
from common.protocol.plan import Plan
from common.seeds import stream_seed


def resampling_of(site: Site, plan: Plan, prepared: PreparedHospital, indices: npt.NDArray[np.int64]) -> Resampling:
    """Return groups and seed for some of the hospital's slices.

    The server knows the run's seed, and whoever knew the draws could solve their sums for each group's own counts. So
    the slices' own pixels, which never leave, go into the seed; a repeated run draws the same groups again.

    Parameters
    ----------
    site, plan
        This hospital, and what the server decided.
    prepared : PreparedHospital
        Knows the groups, whether or not the split kept them together.
    indices : ndarray of int64
        The slices.
    """
    pixels = hashlib.sha256(prepared.library.thumbs[indices].tobytes()).hexdigest()
    seed = stream_seed(plan.seed, site.hospital.key, "bootstrap", pixels)
    return Resampling(prepared.groups.group[indices], seed)
