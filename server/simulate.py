"""``python -m server.simulate``: the whole federation on one machine, as Flower simulates it.

What can be refused by looking at settings and folders is refused before PyTorch and Flower are loaded.
"""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from common.config.hydra import load_hospitals, run_main, run_settings
from common.data.identity.labelling import require_slices
from server.hospitals_side import hospitals_side
from server.recording.resume import resumed_settings


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

    run(settings, hospitals, folder, lambda channel, key: hospitals_side(settings, hospitals, channel, key))


if __name__ == "__main__":
    main()
