"""How much of a hospital's disk the centre's runs may fill: decoded slices by size, and what runs keep."""

import contextlib
import os
import re
import shutil
from pathlib import Path

from clients.policy.limits import Policy
from clients.policy.refusal import PolicyRefusal
from clients.privacy.ledger import LEDGER
from clients.site import Site
from common.artifacts.ledger.hospital_record import RECORD
from common.config.settings import BITWISE_CODINGS
from common.config.strategies import NOTHING
from common.data.cache import cached_libraries
from common.data.identity.labelling import scan_hospital
from common.protocol.arrays import model_bytes
from common.protocol.plan import Plan

_GIGABYTE = 10**9
_TOKEN = re.compile(r"[0-9a-f]{32}")
_GLOBAL_MODELS = 2  # the last one that came, and one that is being written; without room for it none is kept
_MODELS_A_RUN = 4  # two rounds' tensors, the tested model, and one that is being written


def make_room_for_slices(site: Site, policy: Policy, plan: Plan) -> None:
    """Remove the sizes that were used longest ago, so that this plan's fits.

    Raises
    ------
    PolicyRefusal
        ``POLICY009`` if it cannot fit at all.
    """
    size = plan.data.image_size
    held = cached_libraries(site.folder, site.cache_dir)
    for path, other in held.items():
        if other == size:
            os.utime(path)
            return
    quota = policy.cache_gigabytes * _GIGABYTE
    slices = len(scan_hospital(site.folder, site.hospital.class_map, plan.data.slice_step).files)
    needed = slices * size * size * 3
    if needed > quota:
        raise _no_room("data.image_size", size, f"policy.cache_gigabytes={policy.cache_gigabytes:g}")
    sizes = {path: size_of(path) for path in held}
    while sizes and (len(sizes) >= policy.image_sizes_kept or sum(sizes.values()) + needed > quota):
        oldest = next(iter(sizes))
        del sizes[oldest]
        shutil.rmtree(oldest, ignore_errors=True)


def make_room_for_run(site: Site, policy: Policy, plan: Plan, token: str) -> None:
    """Remove what the oldest runs kept, so that this run's fits; never what this run keeps.

    Raises
    ------
    PolicyRefusal
        ``POLICY009`` if it cannot fit at all.
    """
    if not token:
        return
    runs = site.cache_dir / "runs"
    others = [path for path in _own_folders(runs, site.hospital.key) if path.parent.name != token]
    for folder in others[: max(len(others) + 1 - policy.runs_kept, 0)]:
        _remove(folder)
    coarse = plan.wire.name not in BITWISE_CODINGS
    keeps = coarse or plan.strategy.keeps != NOTHING or plan.strategy.control_variates
    needed = ((_MODELS_A_RUN if keeps else 0) + _GLOBAL_MODELS) * model_bytes(plan.model.name)
    quota = policy.runs_gigabytes * _GIGABYTE
    if keeps and needed > quota:
        setting = ("wire", plan.wire.name) if coarse else ("strategy", "this one")
        raise _no_room(*setting, f"policy.runs_gigabytes={policy.runs_gigabytes:g}")
    sizes = {folder: size_of(folder) for folder in others if folder.exists()}
    while sizes and sum(sizes.values()) + needed > quota:
        oldest = next(iter(sizes))
        del sizes[oldest]
        for path in oldest.iterdir():
            if path.name not in (RECORD, LEDGER):  # what this hospital did, and what that cost its patients
                with contextlib.suppress(OSError):
                    path.unlink()


def size_of(folder: Path) -> int:
    """Return the bytes of the files in a folder; links are not followed."""
    total = 0
    for place, _, found in os.walk(folder):
        for name in found:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _own_folders(runs: Path, hospital: str) -> list[Path]:
    """Return this hospital's folders of runs, the one that was changed longest ago first."""
    found = {}
    for path in runs.glob(f"*/{hospital}"):
        with contextlib.suppress(OSError):
            if _TOKEN.fullmatch(path.parent.name) and not path.is_symlink():
                found[path] = path.stat().st_mtime_ns
    return sorted(found, key=found.__getitem__)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # simulated hospitals share a run's folder
        folder.parent.rmdir()


def _no_room(name: str, value: object, limit: str) -> PolicyRefusal:
    return PolicyRefusal("POLICY009", f"{name}={value} needs more room than this hospital's policy gives ({limit}).")
