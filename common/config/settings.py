"""Every setting of a run as typed objects; Hydra's files under ``conf/`` fill them.

What to train (the *plan*) is decided by the server and travels to the hospitals inside each message. Where the data
lies and what a machine can do is decided on the spot and never travels: `DataSettings` adds those fields to `DataPlan`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass
class AugmentPlan:
    """Random changes of a training batch; all zero and ``flip=False`` means none.

    Attributes
    ----------
    flip : bool
        Mirror left to right with probability one half (as version 1 did).
    rotation_degrees : float
        Largest rotation to either side, degrees.
    shift_fraction : float
        Largest shift along each axis, as a fraction of the image's side.
    scale_fraction : float
        Largest change of size, as a fraction: 0.1 means 0.9 to 1.1.
    brightness, contrast, gamma : float
        Largest change of intensity, as a fraction of the range, the contrast and the exponent.
    """

    flip: bool = True
    rotation_degrees: float = 10.0
    shift_fraction: float = 0.05
    scale_fraction: float = 0.1
    brightness: float = 0.1
    contrast: float = 0.1
    gamma: float = 0.0


@dataclass
class DataPlan:
    """How each hospital prepares its slices; travels to the hospitals.

    Attributes
    ----------
    image_size : int
        Side of the square the model sees, pixels.
    max_per_class : int or None
        At most so many slices of a class at each hospital; None takes all.
    val_fraction, test_fraction : float
        Shares of a hospital's slices held back for validation and for the final test.
    group_split : bool
        Keep duplicates and neighbouring slices of one patient on one side of the split.
        False shows what leakage would claim.
    cross_hospital_check : bool
        Ask the hospitals for keyed fingerprints, to find slices that two of them hold; those without a key send none.
    """

    image_size: int = 224
    max_per_class: int | None = None
    val_fraction: float = 0.15
    test_fraction: float = 0.15
    group_split: bool = True
    cross_hospital_check: bool = True


@dataclass
class DataSettings(DataPlan):
    """`DataPlan` and where the data lies on this machine; the latter never travels.

    Attributes
    ----------
    root : str
        Folder that holds the hospitals' folders.
    cache_dir : str
        Folder for the decoded slices. It holds patients' images: keep it as private as `root`.
    """

    root: str = "dataset"
    cache_dir: str = ".cache/images"

    def plan(self) -> DataPlan:
        """Return the part that travels."""
        return DataPlan(**{f.name: getattr(self, f.name) for f in fields(DataPlan)})


@dataclass
class ModelPlan:
    """Which network is trained, always from scratch."""

    name: str = "resnet18"


@dataclass
class TrainPlan:
    """How a hospital trains in one round.

    Attributes
    ----------
    local_epochs : int
        Passes over the hospital's training slices in a round.
    rounds_per_epoch : int
        Rounds that share one pass; 4 averages the hospitals' models four times an epoch.
    batch_size : int
        Slices in a step.
    optimiser : str
        ``"adam"``, or ``"sgd"`` for stochastic gradient descent, whose rates are some hundred times Adam's.
    momentum : float
        Share of the last step that goes on; of SGD alone.
    lr : float
        Highest learning rate.
    schedule : str
        ``"cosine"`` (over all rounds, down to zero) or ``"constant"``.
    warmup_rounds : float
        Rounds over which the rate rises linearly from zero.
    weight_decay : float
        On weights of two or more dimensions: decoupled with Adam (AdamW), part of the gradient with SGD; 0 is none.
    label_smoothing : float
        Share of the target spread over all classes.
    sam_rho : float
        How far up its gradient a step looks before it goes down (see `common.training.sharpness`), which doubles its
        time; 0 is plain training.
    softmax : str
        How a hospital's own mix of classes enters its loss: ``"plain"`` fully, ``"restricted"`` leaves out the classes
        that it does not hold, ``"balanced"`` also evens out those that it holds.
    small_pixels : int or None
        Side of the slices in the first rounds (see `common.training.progressive`); None trains at full size throughout.
    small_share : float
        Share of the rounds that are small.
    precision : str
        ``"auto"`` (bfloat16 products where the device has instructions for them), ``"float32"`` or ``"mixed"``.
    """

    local_epochs: int = 1
    rounds_per_epoch: int = 1
    batch_size: int = 32
    optimiser: str = "adam"
    momentum: float = 0.9
    lr: float = 1e-4
    schedule: str = "cosine"
    warmup_rounds: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    sam_rho: float = 0.0
    softmax: str = "balanced"
    small_pixels: int | None = None
    small_share: float = 0.0
    precision: str = "auto"
    augment: AugmentPlan = field(default_factory=AugmentPlan)


@dataclass
class StrategyPlan:
    """What a strategy asks of the hospitals; travels to them (see `common.config.strategies`).

    Attributes
    ----------
    proximal_mu : float
        Pull towards the global model while training (FedProx); 0 is none.
    control_variates : bool
        Whether each step is corrected by the difference of two mean gradients (SCAFFOLD).
    keeps : str
        What of the model stays at each hospital, one of `common.model.local_layers.KEEPS`.
    """

    proximal_mu: float = 0.0
    control_variates: bool = False
    keeps: str = "nothing"


@dataclass
class StrategySettings:
    """How the server combines the hospitals' updates.

    A number that the strategy does not use is None; each strategy's file under ``conf/strategy/`` sets its own.

    Attributes
    ----------
    name : str
        One of `common.config.strategies.NUMBERS`.
    min_hospitals : int or None
        Quorum of a round; None means all but one, and at least two.
    timeout_seconds : float
        How long a phase of a round may take before the missing hospitals are left out of it.
    wait_seconds : float
        How long to wait until the hospitals are there: at the start for all of them, later for the quorum.
    attempts : int
        How often a round below the quorum is begun, on separate machines; a simulation would fail the same way again.
    proximal_mu : float or None
        Weight of FedProx's proximal term.
    server_lr : float or None
        Length of the server's own step; 1 takes the hospitals' mean as it is, where nothing else scales the step.
    server_momentum : float or None
        Share of the last server step that goes on (FedAvgM).
    beta_1, beta_2 : float or None
        Decay of the mean of the updates and of their squares (FedAdam, FedYogi).
    tau : float or None
        Added to the root of the squares: the smaller, the more alike the steps of all weights (FedAdam, FedYogi).
    trim_fraction : float or None
        Share of the hospitals that is left out at each end, weight by weight (FedTrimmedAvg).
    malicious_hospitals : int or None
        How many wrong updates Krum shall bear.
    """

    name: str = "fedavg"
    min_hospitals: int | None = None
    timeout_seconds: float = 21600.0
    wait_seconds: float = 120.0
    attempts: int = 3
    proximal_mu: float | None = None
    server_lr: float | None = None
    server_momentum: float | None = None
    beta_1: float | None = None
    beta_2: float | None = None
    tau: float | None = None
    trim_fraction: float | None = None
    malicious_hospitals: int | None = None


@dataclass
class ComputeSettings:
    """What this machine gives to the run; changes no figure but through `threads`.

    Attributes
    ----------
    engine : str
        ``"ray"`` (Flower's simulation, hospitals in processes of their own) or ``"inprocess"``.
    device : str
        ``"auto"`` (CUDA where present), ``"cpu"`` or ``"cuda"``.
    cores : int or None
        CPU cores the run may use; None takes all that the process may run on.
    threads : int or None
        Threads of each hospital; None lets the server share the cores by the hospitals' sizes, or gives each all of
        them where one works after another (``"inprocess"``).
    """

    engine: str = "ray"
    device: str = "auto"
    cores: int | None = None
    threads: int | None = None


@dataclass
class RunSettings:
    """Everything ``python -m server.simulate`` can be told.

    Attributes
    ----------
    rounds : int
        Rounds of the federation.
    seed : int
        Fixes the split, the first weights, the order of slices and their augmentation.
    output_dir : str
        Parent of ``artifacts/``, ``models/`` and ``logs/``.
    resume : str or None
        A run to go on with, such as ``run-007``.
    in_service : bool
        Whether the model is put in service when the run completes; the runs of a study are not.
    hospitals : list of str
        Names of files under ``conf/hospital/``; the order is the order of every table.
    """

    rounds: int = 10
    seed: int = 42
    output_dir: str = "."
    resume: str | None = None
    in_service: bool = True
    hospitals: list[str] = field(default_factory=list)
    data: DataSettings = field(default_factory=DataSettings)
    model: ModelPlan = field(default_factory=ModelPlan)
    strategy: StrategySettings = field(default_factory=StrategySettings)
    train: TrainPlan = field(default_factory=TrainPlan)
    compute: ComputeSettings = field(default_factory=ComputeSettings)
