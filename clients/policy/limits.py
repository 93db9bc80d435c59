"""What a hospital lets the centre ask of it: the section ``policy:`` of ``hospital.yaml``, with defaults and bounds.

A field's docstring is its line in ``docs/policy.md``. In a simulation one person owns both sides, so it has none.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

import msgspec

from common.config.architectures import ARCHITECTURES
from common.config.bounds import Bound, above_zero, setting, whole_from
from common.config.hydra_errors import suggest
from common.config.privacy import EPSILON, PRIVACY
from common.config.settings import MAX_IMAGE_SIZE, MIN_IMAGE_SIZE

OPTIMISERS = ("adam", "sgd")
# what a strategy may ask of a hospital, by the strategy that asks it: nothing more than training, a pull towards the
# global model, control variates, normalisation of its own, a model of its own
STRATEGIES = ("fedavg", "fedprox", "scaffold", "fedbn", "local")


def _range(low: float, high: float, what: str) -> Bound:
    return Bound(
        f"the lowest and the highest {what}, [a, b], within {low:g} to {high:g}",
        lambda pair: low <= pair[0] <= pair[1] <= high,
    )


def _some_of(*words: str) -> Bound:
    return Bound(f"a list of {', '.join(words)}", lambda chosen: bool(chosen) and set(chosen) <= set(words))


@dataclass(frozen=True)
class Policy:
    """What a plan must keep to before a hospital follows it."""

    min_train_slices: int = setting(20, whole_from(2))
    """Least slices that a plan leaves to train on: what a few slices did to a model shows in its weights."""
    min_evaluation_slices: int = setting(2, whole_from(1))
    """Least slices that validate or test: the loss of a single one says much about it. An empty part says nothing."""
    smallest_count: int = setting(1, whole_from(1))
    """Least slices of a class in training, validation or test, where there are any: smaller counts are not told, so the
    hospital takes no part. Cells of a confusion matrix may be smaller."""
    smallest_cell: int = setting(10, whole_from(1))
    """Least test slices of a subgroup (a sex, an age band, a scanner, a sequence), or of a range by likeness to the
    slices of training, whose figures are told; and of three patients at least. Cells from which a smaller one could be
    worked out are kept back too."""
    batch_size: tuple[int, int] = setting((8, 512), _range(2, 65536, "number of slices in a step"))
    """Slices in a step: gradients of a few give pictures away."""
    local_epochs: int = setting(20, whole_from(1))
    """Most passes over the slices in a round."""
    steps: int = setting(20_000, whole_from(1))
    """Most steps in a round."""
    seconds: float = setting(21600.0, above_zero("number of seconds", 604_800))
    """Longest training or evaluation; what takes longer is stopped and refused."""
    rounds: int = setting(500, whole_from(1))
    """Most rounds of a run."""
    rounds_a_day: int = setting(1000, whole_from(1))
    """Most trainings in 24 hours, of all runs together; and at most twice as many evaluations and as many questions."""
    learning_rate: tuple[float, float] = setting((1e-6, 0.1), _range(0, 1, "learning rate"))
    """Learning rate."""
    optimisers: tuple[str, ...] = setting(OPTIMISERS, _some_of(*OPTIMISERS))
    """Optimisers."""
    strategies: tuple[str, ...] = setting(STRATEGIES, _some_of(*STRATEGIES))
    """What strategies may ask. `fedavg` stands for all that ask for nothing but training. Pooling slices is never
    possible."""
    architectures: tuple[str, ...] = setting(tuple(ARCHITECTURES), _some_of(*ARCHITECTURES))
    """Networks."""
    augmentation: bool = setting(True, Bound("true or false", lambda _: True))
    """Whether a plan must mirror and move the slices at random: without, their gradients are those of the slices
    themselves."""
    image_size: tuple[int, int] = setting((32, 512), _range(MIN_IMAGE_SIZE, MAX_IMAGE_SIZE, "side in pixels"))
    """Side of the slices, pixels."""
    image_sizes_kept: int = setting(4, whole_from(1))
    """Most sizes in the cache at a time; the one that was used longest ago goes first."""
    cache_gigabytes: float = setting(50.0, above_zero("number", 1_000_000))
    """Most that the decoded slices may take on the disk."""
    runs_gigabytes: float = setting(10.0, above_zero("number", 1_000_000))
    """Most that runs may keep here (`runs/` in the cache folder); the oldest run's tensors go first, never those of the
    run under way."""
    runs_kept: int = setting(1000, whole_from(1))
    """Most runs that keep anything here; the oldest goes first."""
    threads: int = setting(64, whole_from(1))
    """Most CPU threads that the centre may ask for."""
    fingerprints: bool = setting(True, Bound("true or false", lambda _: True))
    """Whether fingerprints, of slices and of known patients, are sent, where there is a `fingerprint_key`."""
    feature_sums: bool = setting(True, Bound("true or false", lambda _: True))
    """Whether sums over all training slices of what the network makes of them are returned once, after the last round,
    so that the finished model can tell an image that is unlike them; never of fewer slices than features."""
    evaluation: bool = setting(True, Bound("true or false", lambda _: True))
    """Whether a finished model may be evaluated here on every slice, by a run in which nothing is trained
    (`server.evaluate`)."""
    share_update: bool = setting(False, Bound("true or false", lambda _: True))
    """Whether this hospital's last update of a run may be sent to the other hospitals, to be evaluated there
    (`cross_matrix=true`): more can be learnt from it about the slices here than from everybody's model."""
    privacy: str = setting("none", Bound(" or ".join(PRIVACY), PRIVACY.__contains__))
    """Least protection that a plan must have: `secagg` takes part only where the centre learns no single update,
    `dp_sgd` only where noise hides each patient, `dp_sgd_secagg` only where both hold."""
    max_epsilon: float = setting(1_000_000.0, EPSILON)
    """Largest budget (`privacy.epsilon`) of a run with noise: 1 is strict, 8 is usual, 1000 hides hardly anyone."""
    max_epsilon_total: float = setting(1_000_000.0, EPSILON)
    """What all runs with noise may cost this hospital's patients together; then it trains in none of them any more."""
    ask: bool = setting(False, Bound("true or false", lambda _: True))
    """Whether each run waits for a yes at the terminal of `clients.join`; the same as `--ask`."""
    ask_seconds: float = setting(300.0, Bound("0 to 3600 seconds", lambda seconds: 0 <= seconds <= 3600))
    """How long the first question of a run waits for the yes; later ones are answered with "not yet" at once."""


def read_policy(section: Any) -> Policy:
    """Read the section of a settings file.

    Raises
    ------
    ValueError
        With a clause that says what is wrong with it.
    """
    if section is None:
        return Policy()
    if not isinstance(section, Mapping):
        raise ValueError("policy is a section of settings, one a line")
    known = {each.name: each for each in fields(Policy)}
    values = {}
    for name, value in section.items():
        if name not in known:
            raise ValueError(f"policy.{name} is no setting{suggest(str(name), list(known))}")
        values[name] = _value(known[name], value)
    return Policy(**values)


def _value(setting_of: Field[Any], value: Any) -> Any:
    bound: Bound = setting_of.metadata["bound"]
    with contextlib.suppress(msgspec.ValidationError):
        found = msgspec.convert(value, setting_of.type)
        if bound.holds(found):
            return found
    raise ValueError(f"policy.{setting_of.name}={value} cannot be; policy.{setting_of.name} takes {bound.takes}")


def policy_values(policy: Policy) -> dict[str, Any]:
    """Return a policy as the section that `read_policy` reads."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(policy).items()}
