"""With this folder in ``PYTHONPATH``, every process marks each training step of a network for images as it begins.

PyTorch is not loaded for it: the hook waits until the program itself does so.
"""

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from bench._marks import mark

_WATCHED = "torch.nn.modules.module"
_COLOURS = 3


class _Watch(MetaPathFinder):
    """Hooks into PyTorch's modules right after they are loaded."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Let others find the module, and add the hook to what they load."""
        if fullname != _WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_hook(module: ModuleType) -> None:
            load(module)
            module.register_module_forward_pre_hook(_first_layer)

        spec.loader.exec_module = load_and_hook  # type: ignore[method-assign]
        return spec


def _first_layer(module: Any, inputs: Any) -> None:
    """Mark a step: the layer that sees the images is called once in each."""
    if module.training and getattr(module, "in_channels", None) == _COLOURS:
        mark()


sys.meta_path.insert(0, _Watch())
