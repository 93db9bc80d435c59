"""The first model of a run: of the seed, or with ``init=run-003`` that of a finished run."""

from common.artifacts.external.finished import read_finished
from common.artifacts.external.lineage import Origin
from common.artifacts.layout import existing_run
from common.config.settings import RunSettings
from common.files import absolute
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.model.weights import Arrays


def initial_model(settings: RunSettings) -> tuple[Arrays, Origin | None]:
    """Return the first model, whole, and where it comes from.

    Raises
    ------
    InputError
        If `init` names a run whose model cannot be trained on; as `existing_run` and `read_finished`.
    """
    if not settings.init:
        return arrays_from_state(initial_weights(settings.model.name, settings.seed)), None
    model = read_finished(existing_run(absolute(settings.output_dir), settings.init), settings.model.name)
    return model.arrays, Origin.of(model.meta, model.run_id, model.sha256)
