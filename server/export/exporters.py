"""Every format that a run can be exported to, one row each: its code is loaded, and its library asked for, late."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from common.errors import InputError
from common.text import listed
from server.export.subject import Subject


@dataclass(frozen=True)
class Exporter:
    """One format."""

    title: str
    """As sentences call it."""
    code: str
    """``"module:function"``, called with a `Subject` and a place; returns sentences for the terminal."""
    place: str
    """Where it goes below ``exports/`` unless it is told otherwise; ``{name}`` is the run's or the study's."""
    packages: tuple[str, ...] = ()
    """What must be installed besides the project itself."""
    takes_studies: bool = True


EXPORTERS: dict[str, Exporter] = {
    "onnx": Exporter(
        "ONNX",
        "server.export.onnx_model:export",
        "{name}/model.onnx",
        packages=("onnx", "onnxruntime"),
        takes_studies=False,
    ),
    "tensorboard": Exporter(
        "TensorBoard", "server.export.tensorboard_events:export", "tensorboard", packages=("tensorboard",)
    ),
    "mlflow": Exporter("MLflow", "server.export.mlflow_store:export", "mlruns", packages=("mlflow",)),
    "csv": Exporter("CSV", "server.export.history_csv:export", "{name}/history.csv"),
}


def exporter_for(kind: str, name: str) -> Exporter:
    """Return a format's row, if it can be written here and takes what `name` names.

    Raises
    ------
    InputError
        ``EXPORT001`` a library is missing, ``EXPORT003`` a study has no such form.
    """
    found = EXPORTERS[kind]
    if missing := [package for package in found.packages if find_spec(package) is None]:
        raise InputError(
            "EXPORT001",
            f"Exporting to {found.title} needs {listed(missing)}, not installed here; run pip install '.[export]'.",
        )
    if name.startswith("study-") and not found.takes_studies:
        raise InputError("EXPORT003", f"{name} holds several models; export one of its runs to {found.title}, run-###.")
    return found


def place_of(exporter: Exporter, output_dir: Path, name: str, given: Path | None) -> Path:
    """Return where an export goes; a folder that is given for a file holds it under its usual name."""
    usual = output_dir / "exports" / exporter.place.format(name=name)
    if given is None:
        return usual
    return given / usual.name if usual.suffix and given.is_dir() else given


def function_of(exporter: Exporter) -> Callable[[Subject, Path], list[str]]:
    """Load the code of a format."""
    module, _, function = exporter.code.partition(":")
    found: Callable[[Subject, Path], list[str]] = getattr(import_module(module), function)
    return found
