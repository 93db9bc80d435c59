"""The weights of ``init=synthetic``: made once on this machine, then kept beside the decoded slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.data.kept import kept_arrays
from common.model.registry import initial_weights, tensor_shapes
from common.model.state import arrays_from_state
from common.model.weights import AnyArray, Arrays
from common.pretraining.recipe import Recipe, digest_of
from common.pretraining.train import OnStep, pretrain


@dataclass(frozen=True)
class Pretrained:
    """A run's first model, and what its backbone saw."""

    arrays: Arrays
    images: int
    """How many images the program made; none of them is a patient's."""
    recipe: str
    """SHA-256 of what the backbone's weights follow from."""


def pretrained(
    network: str, image_size: int, seed: int, cache_dir: Path, on_step: OnStep, recipe: Recipe | None = None
) -> Pretrained:
    """Return a network whose backbone is pre-trained and whose last layer follows from the run's seed.

    Parameters
    ----------
    image_size : int
        Of the run, pixels.
    cache_dir : Path
        Where the backbone is kept under the hash of its recipe. One that cannot be read is made anew; where the folder
        cannot be written, it is made each time.
    recipe : Recipe, optional
        Another one than the usual.
    """
    recipe = recipe or Recipe()
    digest = digest_of(recipe, network, image_size)
    kept = kept_arrays(
        cache_dir,
        "pretrained",
        f"{network}-{recipe.size(image_size)}",
        digest,
        lambda: pretrain(recipe, network, image_size, on_step),
        lambda arrays: _fits(network, arrays),
    )
    first = arrays_from_state(initial_weights(network, seed))
    last = last_layer(network, first)
    arrays = {name: first[name] if name in last else kept[name] for name in first}
    return Pretrained(arrays, recipe.images, digest)


def last_layer(network: str, arrays: Mapping[str, AnyArray]) -> frozenset[str]:
    """Return the tensors that come after the pooling: they know the classes, the backbone does not."""
    after = list(dict.fromkeys(name.partition(".")[0] for name in arrays))
    return frozenset(name for name in arrays if name.partition(".")[0] == after[-1])


def _fits(network: str, arrays: Mapping[str, AnyArray]) -> bool:
    expected = tensor_shapes(network)
    return set(arrays) == set(expected) and all(
        (arrays[name].shape, arrays[name].dtype) == (each.shape, each.dtype) for name, each in expected.items()
    )
