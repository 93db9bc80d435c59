"""PRE005 to 007: this machine has the disk, the memory and the device for a round."""

import os
import shutil

import torch

from clients.checks.outcome import Found, Situation, check
from common.data.scan import scan_folder
from common.training.device import available_cores

_SPARE_DISK = 1.3
_WEIGHTS_BYTES = 2**29
_NEEDED_MEMORY_BYTES = 2 * 2**30  # measured with ResNet18 at 224 px in batches of 32
_TIGHT_MEMORY = 1.5


@check("PRE005", "disk")
def disk(situation: Situation) -> Found:
    """The decoded slices fit onto the disk."""
    site, side = situation.site.site(), situation.data.image_size
    slices = len(scan_folder(site.folder, site.hospital.class_map, situation.data.slice_step).files)
    needed = int(slices * side * side * 3 * _SPARE_DISK) + _WEIGHTS_BYTES
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


@check("PRE006", "memory")
def memory(situation: Situation) -> Found:
    """There is memory for the network, a batch, and Flower's own processes."""
    free = available_bytes()
    if free is None:
        return "skipped", "This system does not say how much memory is free."
    pixels = (situation.data.image_size / 224) ** 2 * situation.train.batch_size / 32
    needed = _NEEDED_MEMORY_BYTES * (0.5 + 0.5 * pixels)
    text = f"{free / 2**30:.1f} GiB available, about {needed / 2**30:.1f} are needed"
    if free < needed:
        return "failed", f"{text}; end other programs, or use a machine with more."
    if free < _TIGHT_MEMORY * needed:
        return "warning", f"{text}: tight."
    return "ok", f"{text}."


def available_bytes() -> int | None:
    """Return the memory that a new program may use, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


@check("PRE007", "device")
def device(situation: Situation) -> Found:
    """The device that is asked for is there."""
    wanted = situation.site.device
    if torch.cuda.is_available() and wanted != "cpu":
        free, total = torch.cuda.mem_get_info()
        return "ok", f"{torch.cuda.get_device_name()}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free."
    if wanted == "cuda":
        return "failed", "device: cuda is set, but PyTorch sees no GPU; install NVIDIA's driver, or set device: auto."
    return "ok", f"No GPU is used: {available_cores()} CPU cores train."


CHECKS = (disk, memory, device)
