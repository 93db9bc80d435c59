"""A run's model as one ONNX file: pixels in, probabilities out, with normalisation and temperature in the graph.

Resizing stays outside, since no two libraries resize alike; the file's metadata says how it has to be done.
"""

import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from common.artifacts.schema import Run
from common.artifacts.values import count, number
from common.artifacts.weights import check_weights
from common.config.architectures import architecture_of
from common.errors import InputError, ProjectError
from common.files import read_bytes, why
from common.labels import CLASSES, SYNTHETIC
from common.metrics.calibration import in_range
from common.model.registry import build_model
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD
from server.export.onnx_check import check_against_pytorch
from server.export.output import write_export
from server.export.subject import ExportedRun, Subject

PIXELS, PROBABILITIES = "pixels", "probabilities"
OPSET = 17
_MOST_BYTES = 2_000_000_000
_RESIZE = (
    "Decode to upright 8-bit RGB (grey three times, alpha over black), resize to {size} x {size} without keeping the "
    "aspect, bilinear with antialiasing as Pillow's Image.resize(..., BILINEAR), and put the channels first. "
    "Normalisation is part of the graph."
)


class PixelsToProbabilities(nn.Module):
    """A network with what stands before and behind it.

    Parameters
    ----------
    network : nn.Module
        Maps normalised slices to scores.
    temperature : float
        Divides the scores.
    """

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.mean, self.deviation = (
            255.0 * torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD)
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Take ``uint8 [B, 3, S, S]``; return ``float32 [B, 4]``."""
        scores = self.network((pixels.float() - self.mean) / self.deviation)
        return torch.softmax(scores / self.temperature, dim=1)


def export(subject: Subject, place: Path) -> list[str]:
    """Write the run's model, checked against PyTorch, to a file.

    Raises
    ------
    InputError
        ``EXPORT002`` there is no shared model, ``SERVICE004`` the weights are damaged, ``EXPORT005`` the graph does not
        say what PyTorch says, ``EXPORT004`` the file cannot be written.
    """
    (exported,) = subject.runs
    network = load_network(exported)
    size, temperature = _image_size(exported.run), _temperature(exported.run.meta)
    try:
        content = with_metadata(graph_of(network, size, temperature), metadata_of(exported.run, size, temperature))
        worst = check_against_pytorch(content, network, size, temperature)
    except ProjectError:
        raise
    except Exception as error:  # three libraries, each with errors of its own
        raise InputError(
            "EXPORT005", f"{exported.run.run_id} cannot be written as ONNX ({why(error)}); nothing was written."
        ) from None
    write_export(place, content)
    return [
        f"{place}: {len(content) / 1e6:.1f} MB, uint8 [batch, 3, {size}, {size}] to probabilities; "
        f"at most {worst:.1e} from PyTorch."
    ]


def load_network(exported: ExportedRun) -> nn.Module:
    """Build the run's network with the weights of its best round, ready to answer."""
    run, path = exported.run, exported.folder.best_weights
    if run.no_shared_model:
        raise InputError("EXPORT002", f"{run.run_id} has no model to export. {run.no_shared_model}")
    try:
        content = read_bytes(path, _MOST_BYTES)
    except OSError as error:
        raise InputError("EXPORT002", f"{path} cannot be read ({why(error)}), so no model can be exported.") from None
    sha256 = run.meta.get("sha256")
    name = architecture_of(run.meta)
    state = check_weights(content, sha256 if isinstance(sha256, str) else None, f"{run.run_id}/{path.name}", name)
    network = build_model(name)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def graph_of(network: nn.Module, size: int, temperature: float) -> bytes:
    """Return the ONNX file of a network in evaluation mode; the size of a batch is left open."""
    buffer = io.BytesIO()
    axes = {PIXELS: {0: "batch"}, PROBABILITIES: {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the exporter without onnxscript is the older one
        torch.onnx.export(
            PixelsToProbabilities(network, temperature).eval(),
            (torch.zeros(2, 3, size, size, dtype=torch.uint8),),
            buffer,  # type: ignore[arg-type]
            dynamo=False,
            input_names=[PIXELS],
            output_names=[PROBABILITIES],
            dynamic_axes=axes,
            opset_version=OPSET,
        )
    return buffer.getvalue()


def metadata_of(run: Run, size: int, temperature: float) -> dict[str, str]:
    """Return what a stranger must know to use the file."""
    known = {
        "run": run.run_id,
        "round": str(run.meta.get("best_epoch", "")),
        "network": architecture_of(run.meta),
        "labels": json.dumps(CLASSES),
        "temperature": repr(temperature),
        "image_size": str(size),
        "input": f"uint8 [batch, 3, {size}, {size}], RGB, 0 to 255",
        "before": _RESIZE.format(size=size),
        "synthetic": str(run.synthetic).lower(),
        "weights_sha256": str(run.meta.get("sha256") or ""),
        "ledger": str(run.meta.get("ledger") or ""),
        "intended_use": "Research. Not a medical device; not for diagnosis, treatment or triage of anyone.",
        "notice": " ".join(part for part in (SYNTHETIC if run.synthetic else None, run.notice) if part),
    }
    return {name: value for name, value in known.items() if value}


def with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """Put metadata into an ONNX file."""
    import onnx

    model = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(model, dict(metadata))
    model.doc_string = metadata.get("notice", "")
    model.producer_name = "brain-tumour-federation"
    onnx.checker.check_model(model)
    filled: bytes = model.SerializeToString()
    return filled


def _image_size(run: Run) -> int:
    size = count(run.meta.get("image_size"))
    if not size:
        raise InputError("EXPORT002", f"{run.run_id}/model_meta.json does not say the size of the slices (image_size).")
    return size


def _temperature(meta: Mapping[str, Any]) -> float:
    """Return what the scores are divided by; 1 where none was fitted."""
    found = number(meta.get("temperature"))
    return found if found is not None and in_range(found) else 1.0
