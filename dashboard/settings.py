"""What the operator decides about the dashboard, through the environment; nothing here comes from a URL."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from common.addresses import is_loopback

ROOT: Path = Path(__file__).resolve().parents[1]
STATIC: Path = Path(__file__).resolve().parent / "static"

LIVE_SECONDS: float = 1.0
LOG_TAIL_LINES: int = 200
SMALL_COUNT: int = 5


@dataclass(frozen=True)
class Settings:
    """The dashboard's settings.

    Attributes
    ----------
    output_dir : Path
        Parent of ``artifacts/``, ``models/`` and ``logs/`` (``FL_OUTPUT_DIR``; the project's own folder by default).
    compare_dirs : dict of str to Path
        Further such folders whose runs can be compared, by label (``FL_COMPARE_DIRS``, separated as ``PATH`` is).
    write_asked : bool
        Whether the operator switched on starting runs and changing the model in service (``FL_DASH_ALLOW_WRITE=1``).
    """

    output_dir: Path = ROOT
    compare_dirs: dict[str, Path] = field(default_factory=dict)
    write_asked: bool = False


def load() -> Settings:
    """Read the settings from the environment."""
    further = [Path(part).expanduser() for part in os.environ.get("FL_COMPARE_DIRS", "").split(os.pathsep) if part]
    return Settings(
        output_dir=Path(os.environ.get("FL_OUTPUT_DIR") or ROOT).expanduser().absolute(),
        compare_dirs=_labelled([path.absolute() for path in further]),
        write_asked=os.environ.get("FL_DASH_ALLOW_WRITE") == "1",
    )


def write_allowed(settings: Settings, address: str | None) -> bool:
    """Whether the page may start runs and change the model in service: only if its server listens on loopback."""
    return settings.write_asked and is_loopback(address or "")


def _labelled(paths: list[Path]) -> dict[str, Path]:
    """Label each folder with its own name, made unique with a number."""
    labelled: dict[str, Path] = {}
    for path in paths:
        label, number = path.name or "runs", 2
        while label in labelled:
            label, number = f"{path.name or 'runs'}-{number}", number + 1
        labelled[label] = path
    return labelled
