"""``python -m server.simulate``: the whole federation on one machine, as Flower simulates it.

A simulation is both sides at once, so this module alone of ``server/`` also knows the hospitals' side: it hands each
hospital its folder, and the server none. What can be refused by looking at settings and folders is refused before
PyTorch and Flower are loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from common.config.hospital import Hospital
from common.config.hydra import load_hospitals, run_main, run_settings
from common.config.settings import RunSettings
from common.config.strategies import STRATEGIES
from common.data.identity.labelling import require_slices
from common.files import absolute
from common.protocol.progress_channel import ProgressChannel
from server.recording.resume import resumed_settings

if TYPE_CHECKING:
    from clients.site import Site


def main() -> None:
    """Run the command line."""
    run_main(simulate, "config")


def simulate(config: DictConfig) -> None:
    """Check everything, then run.

    Raises
    ------
    ProjectError
        With the exit code of the command.
    """
    settings = run_settings(config)
    folder = None
    if settings.resume:
        settings, folder = resumed_settings(settings, list(HydraConfig.get().overrides.task))
    hospitals = load_hospitals(settings.hospitals)
    require_slices(Path(settings.data.root), hospitals)
    from server.simulation import run  # seconds: PyTorch, Flower

    run(settings, hospitals, folder, lambda channel, key: _hospitals_side(settings, hospitals, channel, key))


def _hospitals_side(
    settings: RunSettings, hospitals: Sequence[Hospital], channel: ProgressChannel, key: Path | None
) -> Any:
    """Make Flower's ClientApp that answers for every hospital."""
    from clients.app import make_client_app

    sites = _pooled([_site(settings, hospital, channel, key) for hospital in hospitals], settings)
    return make_client_app(lambda context: sites[int(context.node_config["partition-id"])])


def _site(settings: RunSettings, hospital: Hospital, channel: ProgressChannel, key: Path | None) -> Site:
    """Return what a hospital's own machine would know."""
    from clients.site import Site

    data = settings.data
    root, cache = absolute(data.root), absolute(data.cache_dir)
    return Site(hospital, root, cache, settings.compute.device, channel, explains=True, fingerprint_key=key)


def _pooled(sites: list[Site], settings: RunSettings) -> list[Site]:
    """Let each site read all others' folders where the strategy pools; a federation's sites know their own alone."""
    if not STRATEGIES[settings.strategy.name].pooled:
        return sites
    together = {site.hospital.key: site for site in sites}
    return [replace(site, pool=together) for site in sites]


if __name__ == "__main__":
    main()
