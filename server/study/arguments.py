"""What the process of a cell is told: to begin its run, to go on with it, or to test its model elsewhere."""

from dataclasses import asdict

from common.config.hydra import compose_settings
from common.config.overrides import overrides_of, written
from common.config.settings import RunSettings
from common.errors import InputError


def run_arguments(settings: RunSettings) -> list[str]:
    """Return the overrides of a new run, for example ``["strategy=fedavg", "rounds=3"]``.

    Raises
    ------
    InputError
        ``STUDY004`` if a value does not survive the command line (a path with signs that Hydra reads as its own).
    """
    arguments = overrides_of(asdict(settings))
    if compose_settings(arguments) != settings:
        raise InputError("STUDY004", f"These settings cannot be handed to a run: {' '.join(arguments)}")
    return arguments


def resume_arguments(settings: RunSettings, run_id: str) -> list[str]:
    """Return the overrides that go on with a run: where things are may have changed, nothing else."""
    return [
        f"resume={run_id}",
        f"output_dir={written(settings.output_dir)}",
        f"data.root={written(settings.data.root)}",
        f"data.cache_dir={written(settings.data.cache_dir)}",
        f"compute.engine={settings.compute.engine}",
        f"compute.device={settings.compute.device}",
    ]


def evaluation_arguments(settings: RunSettings, run_id: str, hospital: str) -> list[str]:
    """Return what ``server.evaluate`` is told to test a run at the hospital with this key."""
    compute = settings.compute
    threads = [f"compute.threads={compute.threads}"] if compute.threads else []
    return [
        run_id,
        f"hospitals=[{hospital}]",
        f"output_dir={written(settings.output_dir)}",
        f"data.root={written(settings.data.root)}",
        f"data.cache_dir={written(settings.data.cache_dir)}",
        f"compute.engine={compute.engine}",
        f"compute.device={compute.device}",
        *threads,
    ]
