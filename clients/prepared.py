"""A hospital's slices, ready to train on: scanned, decoded and split once a process, at the size a round asks for.

How a hospital draws its groups of slices for the bootstrap: the same each time, and so that only it can know how.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch

from clients.site import Site
from common.data.cache import open_library
from common.data.prepare import PreparedHospital, prepare
from common.metrics.intervals import Resampling
from common.protocol.plan import Plan
from common.seeds import stream_seed
from common.training.batches import Slices

_PREPARED: dict[tuple[str, str, int, str], PreparedHospital] = {}
_PREPARED_LIMIT = 32


def ready(site: Site, plan: Plan) -> PreparedHospital:
    """Scan, decode and split once a process; the memory-mapped pixels are shared by all processes."""
    key = _key(site, plan)
    if key not in _PREPARED:
        if len(_PREPARED) >= _PREPARED_LIMIT:
            _PREPARED.pop(next(iter(_PREPARED)))
        teller = site.teller("reading")
        _PREPARED[key] = prepare(
            site.folder, site.hospital.class_map, plan.data, plan.seed, site.cache_dir, on_progress=teller
        )
    return _PREPARED[key]


def forget(site: Site, plan: Plan) -> None:
    """Look at the folder anew next time."""
    _PREPARED.pop(_key(site, plan), None)


def slices_at(site: Site, prepared: PreparedHospital, pixels: int) -> Slices:
    """Return the slices at a size; another one than the full size has a cache of its own."""
    library = prepared.library
    if pixels != library.pixels.shape[1]:
        library = open_library(prepared.scan, pixels, site.cache_dir, on_progress=site.teller("reading"))
    return Slices(library.pixels, prepared.scan.labels)


def use_threads(threads: int) -> None:
    """Compute with so many CPU threads; 0 leaves PyTorch's choice."""
    if threads:
        torch.set_num_threads(threads)


def _key(site: Site, plan: Plan) -> tuple[str, str, int, str]:
    return (site.hospital.key, str(site.folder), plan.seed, str(plan.data))


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
