"""Adds real weights to the made-up runs of `tests.support.run_files`, and puts one in service."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from common.artifacts.service import put_in_service
from common.artifacts.weights import check_weights
from common.config.architectures import ARCHITECTURES
from common.files import write_bytes
from tests.support.run_files import write_json, write_run


def _weights(seed: int) -> bytes:
    return _weights_of(ARCHITECTURES["resnet18"].build, seed)


@cache  # by what is built under that name, since a test may ask for the real one
def _weights_of(build: str, seed: int) -> bytes:
    import io

    import torch

    from common.model.registry import initial_weights

    buffer = io.BytesIO()
    torch.save(initial_weights("resnet18", seed), buffer)
    check_weights(buffer.getvalue(), None, "weights")
    return buffer.getvalue()


def write_run_with_weights(output_dir: Path, run_id: str = "run-001", *, seed: int = 0, **options: Any) -> Path:
    """Like `write_run`, with weights that load and their SHA-256."""
    import hashlib

    folder = write_run(output_dir, run_id, **options)
    write_bytes(folder / "global_model.pth", _weights(seed))
    body = json.loads((folder / "model_meta.json").read_text())
    body["sha256"] = hashlib.sha256(_weights(seed)).hexdigest()
    write_json(folder / "model_meta.json", body)
    return folder


def write_served_run(output_dir: Path, run_id: str = "run-001", **options: Any) -> Path:
    """The same, put in service."""
    folder = write_run_with_weights(output_dir, run_id, **options)
    put_in_service(output_dir, run_id, reason="the first one", by="a test")
    return folder
