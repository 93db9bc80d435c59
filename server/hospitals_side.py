"""The hospitals' side of a simulation: one ClientApp that answers for each, with its own folder and no other's.

A simulation is both sides at once, so this module alone of ``server/`` also knows ``clients/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.config.hospital import Hospital
from common.config.partition import part_of
from common.config.settings import RunSettings
from common.config.strategies import STRATEGIES
from common.files import absolute
from common.protocol.progress_channel import ProgressChannel

if TYPE_CHECKING:
    from clients.site import Site


def hospitals_side(
    settings: RunSettings, hospitals: Sequence[Hospital], channel: ProgressChannel, key: Path | None
) -> Any:
    """Make Flower's ClientApp that answers for every hospital; `key` is the one that they share."""
    from clients.app import make_client_app  # seconds: PyTorch, Flower

    sites = _pooled([_site(settings, hospital, channel, key) for hospital in hospitals], settings)
    return make_client_app(lambda context: sites[int(context.node_config["partition-id"])])


def _site(settings: RunSettings, hospital: Hospital, channel: ProgressChannel, key: Path | None) -> Site:
    """Return what a hospital's own machine would know."""
    from clients.site import Site

    data = settings.data
    root, cache = absolute(data.root), absolute(data.cache_dir)
    device, keeps = settings.compute.device, data.keep_cases
    part = part_of(hospital.key, settings.partition)
    return Site(hospital, root, cache, device, channel, explains=True, fingerprint_key=key, keep_cases=keeps, part=part)


def _pooled(sites: list[Site], settings: RunSettings) -> list[Site]:
    """Let each site read all others' folders where the strategy pools; a federation's sites know their own alone."""
    if not STRATEGIES[settings.strategy.name].pooled:
        return sites
    together = {site.hospital.key: site for site in sites}
    return [replace(site, pool=together) for site in sites]
