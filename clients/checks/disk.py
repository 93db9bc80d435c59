"""PRE005: the decoded slices fit onto the disk."""

from __future__ import annotations

import os
import shutil

from clients.checks.outcome import Check, Situation
from common.data.scan import scan_folder

_SPARE = 1.3
_WEIGHTS_BYTES = 2**29


def _look(situation: Situation) -> tuple[str, str]:
    site, side = situation.site, situation.data.image_size
    slices = len(scan_folder(site.data_root / site.hospital.path, site.hospital.class_map).files)
    needed = int(slices * side * side * 3 * _SPARE) + _WEIGHTS_BYTES
    place = site.cache_dir
    while not place.exists():
        place = place.parent
    if not os.access(place, os.W_OK):
        return "failed", f"{place} cannot be written by this user; set cache_dir to a folder that can."
    free = shutil.disk_usage(place).free
    text = f"{free / 2**30:.1f} GiB free for the cache of {slices:,} slices, which needs {needed / 2**30:.1f}"
    if free < needed:
        return "failed", f"{text}; free some, or set cache_dir to another disk."
    return "ok", f"{text}."


CHECK = Check("PRE005", "disk", _look)
