"""Every network in one row: how it is built and what it is called. A new one is a row here, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """A network that maps float32 ``[B, 3, H, W]`` to logits ``[B, classes]``.

    Run one after the other, its children are the network, with one `torch.flatten` after the pooling: so Grad-CAM can
    split it there. torchvision's ResNet, EfficientNet, MobileNetV3 and VGG are such.
    """

    title: str
    """As its authors write it."""
    build: str
    """``"module:function"``, called with ``weights=None`` and ``num_classes``."""
    state_bytes: int
    """Size of its ``state_dict`` for our classes, as it travels: what the centre takes in is bounded by it."""
    pooling: str = "avgpool"
    """The child that pools; what comes before it are the maps that Grad-CAM weighs."""
    batch_norm: bool = True
    """Whether it normalises by the other slices of a batch, which differential privacy cannot allow."""
    first_stage: str = "layer1"
    """The child whose maps tell what is like a slice of training (see `common.training.familiarity`)."""


ARCHITECTURES: dict[str, Architecture] = {
    "resnet18": Architecture("ResNet18", "torchvision.models:resnet18", state_bytes=44_752_816),
    "resnet18_gn": Architecture(
        "ResNet18 with group normalisation",
        "common.model.resnet_gn:resnet18_gn",
        state_bytes=45_764_880,
        batch_norm=False,
    ),
}
DEFAULT_ARCHITECTURE = next(iter(ARCHITECTURES))  # version 1's, and that of files which name none


def architecture_of(meta: Mapping[str, Any]) -> str:
    """Return the name of the network that a ``model_meta.json`` describes; version 1's name none and knew one."""
    found: Any = meta
    for key in ("settings", "model", "name"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else DEFAULT_ARCHITECTURE


def network_title(meta: Mapping[str, Any]) -> str:
    """Return the network that a ``model_meta.json`` describes as its authors write it, with our name for it."""
    name = architecture_of(meta)
    return f"{ARCHITECTURES[name].title} ({name})" if name in ARCHITECTURES else name
