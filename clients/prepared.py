"""A hospital's slices, ready to train on: scanned, audited and split once a process, at the size a round asks for."""

from __future__ import annotations

import torch

from clients.site import Site
from common.data.cache import open_library
from common.data.prepare import PreparedHospital, prepare
from common.protocol.plan import Plan
from common.training.batches import Slices

_PREPARED: dict[tuple[str, str, int, str], PreparedHospital] = {}
_PREPARED_LIMIT = 32


def ready(site: Site, plan: Plan) -> PreparedHospital:
    """Scan, audit and split once a process; the memory-mapped pixels are shared by all processes."""
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
