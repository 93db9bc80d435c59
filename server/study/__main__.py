"""The command line of a study."""

import shlex
import sys

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from rich.console import Console

from common.config.hydra import run_main
from server.study.grid import plan_cells
from server.study.grid_settings import study_grid


def main() -> None:
    """Run the command line."""
    run_main(study, "study")


def study(config: DictConfig) -> None:
    """Check every run of the study, then do those that are not done.

    Raises
    ------
    ProjectError
        With the exit code of the command.
    """
    from server.study.runner import conduct_study  # a second; what is wrong with the settings is said before

    overrides = list(HydraConfig.get().overrides.task)
    grid = study_grid(config)
    cells = plan_cells(grid, overrides)
    command = shlex.join(["python", "-m", "server.study", *overrides])
    conduct_study(grid, cells, command, Console(highlight=False, file=sys.stdout))


if __name__ == "__main__":
    main()
