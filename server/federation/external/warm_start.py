"""The first model of a run: of the seed; of a finished run (``init=run-003``); or pre-trained (``init=synthetic``)."""

from common.artifacts.external.finished import read_finished
from common.artifacts.external.lineage import Origin, Synthetic
from common.artifacts.layout import existing_run
from common.config.external import SYNTHETIC
from common.config.settings import RunSettings
from common.files import absolute
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays
from common.pretraining.recipe import Recipe
from common.pretraining.train import OnStep
from common.pretraining.weights import pretrained

Start = tuple[Arrays, Origin | None]
"""A first model, whole, and where it comes from; None for the seed's."""


def initial_model(
    settings: RunSettings, on_step: OnStep = lambda what, done, total: None, recipe: Recipe | None = None
) -> Start:
    """Return the first model, whole, and where it comes from.

    Parameters
    ----------
    on_step : callable
        Called as ``on_step(what, done, total)`` while a model is pre-trained.
    recipe : Recipe, optional
        Another pre-training than the usual.

    Raises
    ------
    InputError
        If `init` names a run whose model cannot be trained on; as `existing_run` and `read_finished`.
    """
    if not settings.init:
        return arrays_from_state(initial_weights(settings.model.name, settings.seed)), None
    if settings.init == SYNTHETIC:
        cache = absolute(settings.data.cache_dir)
        made = pretrained(settings.model.name, settings.data.image_size, settings.seed, cache, on_step, recipe)
        return made.arrays, Origin(synthetic=Synthetic(made.images, made.recipe))
    model = read_finished(existing_run(absolute(settings.output_dir), settings.init), settings.model.name)
    return model.arrays, Origin.of(model.meta, model.run_id, model.sha256)
