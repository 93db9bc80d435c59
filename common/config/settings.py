"""Every setting of a run with its default and bounds; ``conf/`` and the command line say what differs.

What to train (the *plan*) is decided by the server and travels to the hospitals inside each message. Where the data
lies and what a machine can do is decided on the spot and never travels: `DataSettings` adds those fields to `DataPlan`.
A field's docstring is its line in ``docs/settings.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import Any

from common.config.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from common.config.bounds import (
    PLACE,
    Bound,
    Problem,
    below_one,
    not_negative,
    one_of,
    out_of_bounds,
    setting,
    whole_from,
)
from common.config.dp import (
    DpPlan,
    dp_plan,
    dp_problems,
    dp_settings_problems,
    dp_training_problems,
    shared_noise_problems,
)
from common.config.external import (
    FINE_TUNE_ROUNDS,
    FINISHED_RUN,
    INIT,
    EvaluationPlan,
    YardstickPlan,
    evaluation_problems,
    init_problems,
    yardstick_problems,
)
from common.config.final_model import ON, SPLIT, final_plan_problems, final_run_problems
from common.config.partition import PartitionSettings, partition_problems
from common.config.privacy import PrivacyPlan, PrivacySettings, plan_problems, settings_problems
from common.config.strategies import (
    EVERYTHING,
    NORMALISATION,
    STRATEGIES,
    StrategyPlan,
    StrategySettings,
    number_problems,
    size_problems,
    strategy_plan,
)
from common.errors import InputError
from common.text import shown

MIN_IMAGE_SIZE = 32  # ResNet18 divides the side by 32
MAX_IMAGE_SIZE = 1024
SEED = whole_from(0, most=2**31 - 1)
PLAIN_CODING = "float32"
BITWISE_CODINGS = (PLAIN_CODING, "lossless")  # a model of one of the others is another one
CODINGS = (*BITWISE_CODINGS, "bfloat16", "int8", "int4")
AVERAGED, ESTIMATED = "averaged", "estimated"
EVERY_WEIGHT, HEAD, LAST = PARTS = ("everything", "head", "last")
FOLDS = (3, 20)
_SHARE = Bound("a share between 0 and 1", lambda share: 0 < share < 1)


@dataclass
class AugmentPlan:
    """Random changes of a training batch; all zero and ``flip=False`` means none."""

    flip: bool = True
    """Mirror left to right with probability one half (as version 1 did)."""
    rotation_degrees: float = setting(10.0, Bound("0 to 180 degrees", lambda degrees: 0 <= degrees <= 180))
    """Largest rotation to either side."""
    shift_fraction: float = setting(0.05, below_one("fraction"))
    """Largest shift along each axis, as a fraction of the image's side."""
    scale_fraction: float = setting(0.1, below_one("fraction"))
    """Largest change of size, as a fraction: 0.1 means 0.9 to 1.1."""
    brightness: float = setting(0.1, below_one("fraction"))
    """Largest change of brightness, as a fraction of the range."""
    contrast: float = setting(0.1, below_one("fraction"))
    """Largest change of contrast, as a fraction."""
    gamma: float = setting(0.0, below_one("fraction"))
    """Largest change of the exponent, as a fraction."""


@dataclass
class DataPlan:
    """How each hospital prepares its slices; travels to the hospitals."""

    image_size: int = setting(
        224,
        Bound(f"{MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE} pixels", lambda side: MIN_IMAGE_SIZE <= side <= MAX_IMAGE_SIZE),
    )
    """Side of the square that the model sees, pixels."""
    max_per_class: int | None = setting(
        None, whole_from(3, " (one each to train, validate and test), or null for all", most=10**9)
    )
    """At most so many slices of a class at each hospital; null takes all."""
    slice_step: int = setting(1, whole_from(1, most=1000))
    """Of a file with several slices (a NIfTI volume, a DICOM file of many frames), every so many-th is taken."""
    val_fraction: float = setting(0.15, _SHARE)
    """Share of a hospital's slices held back for validation."""
    test_fraction: float = setting(0.15, _SHARE)
    """Share of a hospital's slices held back for the final test."""
    group_split: bool = True
    """Keep duplicates and one patient's neighbouring slices on one side of the split; false shows what leaks."""
    folds: int = setting(
        0, Bound(f"0 or {FOLDS[0]} to {FOLDS[1]}", lambda folds: folds == 0 or FOLDS[0] <= folds <= FOLDS[1])
    )
    """Deal each class into so many folds and test one of them, instead of a share of `data.test_fraction`: over all
    folds every slice is tested once. 0 makes no folds."""
    fold: int = setting(1, whole_from(1, most=FOLDS[1]))
    """Which of the folds is tested, from 1; the deal is the same for all. Of the rest `data.val_fraction` validate."""
    cross_hospital_check: bool = True
    """Look for slices that two hospitals hold, by keyed fingerprints; a hospital without a key sends none."""


@dataclass
class DataSettings(DataPlan):
    """How each hospital prepares its slices, and where the data lies on this machine; the latter never travels."""

    root: str = setting("dataset", PLACE)
    """Folder that holds the hospitals' folders."""
    cache_dir: str = setting(".cache/images", PLACE)
    """Folder for the decoded slices. It holds patients' images: keep it as private as `data.root`."""
    keep_cases: bool = False
    """Keep a table of each hospital's test cases in `data.cache_dir`, for `clients.cases`; no part of it travels."""

    def plan(self) -> DataPlan:
        """Return the part that travels."""
        return DataPlan(**{f.name: getattr(self, f.name) for f in fields(DataPlan)})


@dataclass
class ModelPlan:
    """Which network is trained, from scratch unless `init` names a finished run."""

    name: str = setting(DEFAULT_ARCHITECTURE, one_of(*ARCHITECTURES))
    """The network."""


@dataclass
class WirePlan:
    """How a model travels between machines, as the difference to the one that the other side has."""

    name: str = setting(PLAIN_CODING, one_of(*CODINGS))  # conf/config.yaml chooses lossless
    """The coding. float32 sends tensors as they are; lossless keeps every bit, too; the others code the weights in
    fewer digits and add what is lost to the next round."""


@dataclass
class TrainPlan:
    """How a hospital trains in one round."""

    on: str = setting(SPLIT, one_of(*ON))
    """The slices that train: those of the training split (split), or every usable one (all), for a final model whose
    recipe the run of `figures_of` tested."""
    local_epochs: int = setting(1, whole_from(1))
    """Passes over the hospital's training slices in a round."""
    batch_size: int = setting(32, whole_from(2, " (batch normalisation needs two slices)", most=65_536))
    """Slices in a step; with differential privacy, those that are in memory at a time."""
    optimiser: str = setting("adam", one_of("adam", "sgd"))
    """Adam, or stochastic gradient descent, whose rates are some hundred times Adam's."""
    momentum: float = setting(0.9, below_one())
    """Share of the last step that goes on; of SGD alone."""
    lr: float = setting(1e-4, Bound("a rate above 0 and up to 1, for example 1e-3", lambda rate: 0 < rate <= 1))
    """Highest learning rate."""
    schedule: str = setting("cosine", one_of("cosine", "constant"))
    """How the rate goes on: a cosine over all rounds, down to zero, or constant."""
    weight_decay: float = setting(0.0, not_negative(10))
    """On weights of two or more dimensions: decoupled with Adam (AdamW), part of the gradient with SGD; 0 is none."""
    label_smoothing: float = setting(0.0, below_one())
    """Share of the target spread over all classes."""
    softmax: str = setting("balanced", one_of("plain", "restricted", "balanced"))
    """How a hospital's own class mix enters its loss: fully (plain), without the classes that it lacks (restricted), or
    with the others evened out as well (balanced)."""
    part: str = setting(EVERY_WEIGHT, one_of(*PARTS))
    """Which weights move: all (everything), those of the last layer (last), or also normalisation's scales and shifts
    (head)."""
    statistics: str = setting(AVERAGED, one_of(AVERAGED, ESTIMATED))
    """BatchNorm's statistics of the last round's model: the mean of the hospitals' running ones (averaged), or those of
    all training slices with that model, whose sums the hospitals return once (estimated)."""
    precision: str = setting("auto", one_of("auto", "float32", "mixed"))
    """Products in bfloat16 (mixed) or float32; auto takes bfloat16 where the device has instructions for it;
    with differential privacy it is float32."""
    augment: AugmentPlan = field(default_factory=AugmentPlan)


@dataclass
class ComputeSettings:
    """What this machine gives to the run; changes no figure but through `threads`."""

    engine: str = setting("ray", one_of("ray", "inprocess"))
    """Flower's simulation with hospitals in processes of their own (ray), or one hospital after another (inprocess)."""
    device: str = setting("auto", one_of("auto", "cpu", "cuda"))
    """Where to compute; auto takes CUDA where there is one."""
    cores: int | None = setting(None, whole_from(1, ", or null", most=4096))
    """CPU cores the run may use; null takes all that the process may run on."""
    threads: int | None = setting(None, whole_from(1, ", or null", most=4096))
    """Threads of each hospital; null shares the cores by the hospitals' sizes, or gives each all of them where one
    works after another (inprocess)."""


@dataclass
class RunSettings:
    """Everything ``python -m server.simulate`` can be told."""

    rounds: int = setting(10, whole_from(1))
    """Rounds of the federation."""
    seed: int = setting(42, SEED)
    """Fixes the split, the first weights, the order of slices and their augmentation."""
    output_dir: str = setting(".", PLACE)
    """Parent of `artifacts/`, `models/` and `logs/`."""
    resume: str | None = None
    """A run to go on with after its last complete round, for example run-007."""
    init: str | None = setting(None, INIT)
    """A finished run whose model is trained on, for example run-003; or synthetic: this machine first trains the
    network on images that the program makes, of no patient, some minutes once. null starts from the seed."""
    compare: str | None = setting(None, FINISHED_RUN)
    """Of `python -m server.evaluate` alone: a finished run whose model judges the same slices, for example run-003."""
    figures_of: str | None = setting(None, FINISHED_RUN)
    """With `train.on=all`: the finished run of the same recipe, whose test figures stand in for the model's own, for
    example run-003."""
    in_service: bool = True
    """Whether the model goes into `models/` when the run completes; false leaves there what is there."""
    keep_updates: bool = False
    """Keep every hospital's update of every round in the run's folder, so that `server.verify` can compute each model
    anew. They are as large as the model, and more can be learnt from one about its hospital's slices than from the
    model: true is for a trial, or for an audit that the hospitals agreed to."""
    cross_matrix: bool = False
    """After the last round, evaluate each hospital's last update at every other hospital. The updates then travel to
    the other hospitals, which a hospital's policy forbids unless it says otherwise."""
    fine_tune_rounds: int = setting(0, FINE_TUNE_ROUNDS)
    """After the last round, let each hospital train the model on for itself in so many rounds, and test what it gets;
    the fine-tuned model stays there. 0 leaves it out."""
    hospitals: list[str] = field(default_factory=list)
    """Names of files under `conf/hospital/`; the order is that of every table."""
    partition: PartitionSettings = field(default_factory=PartitionSettings)
    data: DataSettings = field(default_factory=DataSettings)
    model: ModelPlan = field(default_factory=ModelPlan)
    wire: WirePlan = field(default_factory=WirePlan)
    strategy: StrategySettings = field(default_factory=StrategySettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    train: TrainPlan = field(default_factory=TrainPlan)
    compute: ComputeSettings = field(default_factory=ComputeSettings)

    def yardsticks(self) -> YardstickPlan:
        """Return what hospitals do after the last round."""
        return YardstickPlan(self.cross_matrix, self.fine_tune_rounds)


def check_settings(settings: RunSettings) -> None:
    """Refuse impossible values.

    Raises
    ------
    InputError
        ``CONF010`` with the first value that cannot be.
    """
    _refuse(chain(number_problems(settings.strategy), out_of_bounds(settings), _run_rules(settings)))


def check_plan(
    data: DataPlan,
    train: TrainPlan,
    strategy: StrategyPlan | None = None,
    model: ModelPlan | None = None,
    wire: WirePlan | None = None,
    privacy: PrivacyPlan | None = None,
    evaluation: EvaluationPlan | None = None,
    yardsticks: YardstickPlan | None = None,
    dp: DpPlan | None = None,
) -> None:
    """Refuse impossible values of what a server asks of a hospital.

    Raises
    ------
    InputError
        ``CONF010`` with the first value that cannot be.
    """
    strategy, wire, privacy = strategy or StrategyPlan(), wire or WirePlan(), privacy or PrivacyPlan()
    model, yardsticks, dp = model or ModelPlan(), yardsticks or YardstickPlan(), dp or DpPlan()
    parts = {
        "data.": data,
        "model.": model,
        "wire.": wire,
        "train.": train,
        "strategy.": strategy,
        "privacy.": privacy,
        "evaluation.": evaluation or EvaluationPlan(),
        "": yardsticks,
        "dp.": dp,
    }
    own = chain.from_iterable(out_of_bounds(part, prefix) for prefix, part in parts.items())
    rules = chain(_plan_rules(data, train, strategy, wire), plan_problems(privacy, strategy))
    after = yardstick_problems(yardsticks, strategy, privacy.is_secure, pooled=False)
    final = final_plan_problems(train.on, strategy, yardsticks)
    asked = evaluation_problems(evaluation or EvaluationPlan())
    private = _dp_rules(dp, train, strategy, privacy.is_secure, model.name, yardsticks)
    network = _network_rules(strategy, model.name, train, privacy.is_secure)
    _refuse(chain(own, rules, after, final, asked, private, network))


def check_values(settings: Any) -> None:
    """Refuse impossible values of a command's own settings, a dataclass with bounds; raises as `check_settings`."""
    _refuse(out_of_bounds(settings))


def check_run(rounds: int, seed: int) -> None:
    """Refuse an impossible number of rounds or seed; raises as `check_plan`."""
    _refuse(out_of_bounds(RunSettings(rounds=rounds, seed=seed)))


def _refuse(problems: Iterator[Problem]) -> None:
    for name, value, takes in problems:
        raise InputError("CONF010", f"{name}={shown(value)} cannot be; {name} takes {takes}.")


def _run_rules(settings: RunSettings) -> Iterator[Problem]:
    """Yield what cannot be together, of settings that could each be."""
    count = len(settings.hospitals)
    yield from partition_problems(settings.hospitals, settings.partition)
    yield from size_problems(settings.strategy, count)
    yield from settings_problems(settings.privacy, settings.strategy, count, settings.keep_updates)
    strategy, pooled = strategy_plan(settings.strategy), STRATEGIES[settings.strategy.name].pooled
    yield from _plan_rules(settings.data, settings.train, strategy, settings.wire)
    yield from init_problems(settings.init, settings.strategy.name)
    yield from final_run_problems(settings.train.on, settings.figures_of)
    yield from final_plan_problems(settings.train.on, strategy, settings.yardsticks())
    yield from yardstick_problems(settings.yardsticks(), strategy, settings.privacy.is_secure, pooled)
    yield from dp_settings_problems(settings.privacy, settings.strategy)
    train = travelling_train(settings)
    secure, model, after = settings.privacy.is_secure, settings.model.name, settings.yardsticks()
    yield from _dp_rules(dp_plan(settings.privacy), train, strategy, secure, model, after)
    yield from _network_rules(strategy, model, train, secure)


def travelling_train(settings: RunSettings) -> TrainPlan:
    """Return how hospitals train: alone, or with differential privacy, with the plain softmax.

    A hospital that trains alone has nobody's classes to spare: with the plain softmax it neither predicts a class that
    it lacks nor leaves its own mix out. Anything else would make the yardstick shorter.
    """
    alone = strategy_plan(settings.strategy).keeps == EVERYTHING
    return replace(settings.train, softmax="plain") if alone or settings.privacy.is_private else settings.train


def _dp_rules(
    dp: DpPlan, train: TrainPlan, strategy: StrategyPlan, secure: bool, model: str, after: YardstickPlan
) -> Iterator[Problem]:
    yield from dp_problems(dp, strategy, model, after.fine_tune_rounds)
    yield from dp_training_problems(dp, train.softmax)
    if dp.is_used and secure:
        yield from shared_noise_problems(dp, strategy, train.optimiser, train.momentum, train.weight_decay)


def _network_rules(strategy: StrategyPlan, model: str, train: TrainPlan, secure: bool) -> Iterator[Problem]:
    network = ARCHITECTURES.get(model)
    if secure and train.statistics == ESTIMATED and network and network.batch_norm:
        takes = f"{AVERAGED} with secure aggregation, where no hospital answers for itself"
        yield "train.statistics", train.statistics, takes
    if strategy.keeps == NORMALISATION and network and not network.batch_norm:
        yield "strategy", "fedbn", f"another one with model={model}, which has no batch normalisation to keep"


def _plan_rules(data: DataPlan, train: TrainPlan, strategy: StrategyPlan, wire: WirePlan) -> Iterator[Problem]:
    if data.fold > max(data.folds, 1):
        takes = f"1 to {data.folds} with data.folds={data.folds}" if data.folds else "1 where data.folds is 0"
        yield "data.fold", data.fold, takes
    if not data.folds and data.val_fraction + data.test_fraction >= 0.9:
        takes = "a share that, with data.test_fraction, leaves at least 0.1 for training"
        yield "data.val_fraction", data.val_fraction, takes
    if data.folds and data.val_fraction >= 0.9:
        yield "data.val_fraction", data.val_fraction, "a share that leaves at least 0.1 for training"
    if strategy.control_variates and train.optimiser != "sgd":
        yield "train.optimiser", train.optimiser, "sgd with scaffold, whose correction is that of a gradient step"
    elif strategy.control_variates and train.momentum:
        yield "train.momentum", train.momentum, "0 with scaffold, whose correction momentum would count several times"
    if strategy.control_variates and wire.name not in BITWISE_CODINGS:
        takes = "float32 or lossless with scaffold, whose control variates follow from every bit of an update"
        yield "wire", wire.name, takes
