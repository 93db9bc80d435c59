"""Every strategy in one row: its words, the numbers it takes, and what it asks of the hospitals.

The class that aggregates is in `server.strategies`, the defaults of its numbers in ``conf/strategy/``;
``docs/strategies.md`` says more. A strategy that takes a new number adds it to `StrategySettings` below.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import count

from common.config.bounds import Bound, Problem, above_zero, below_one, is_finite, not_negative, setting, whole_from
from common.errors import InputError

# What stays at each hospital: one shared model · each hospital's BatchNorm layers, whole (FedBN: Li et al., ICLR 2021)
# · the whole model, so that each hospital is left to itself
NOTHING, NORMALISATION, EVERYTHING = LOCAL_LAYERS = ("nothing", "normalisation", "everything")


@dataclass(frozen=True)
class Strategy:
    """What is known of a strategy without running it."""

    title: str
    """As its authors write it."""
    does: str
    use: str
    """When to choose it."""
    numbers: tuple[str, ...] = ()
    """Those fields of `StrategySettings` that only some strategies use and this one does."""
    fewest: Callable[["StrategySettings"], int] = lambda _: 1
    """How many updates it needs in order to do what its name says."""
    local_layers: str = NOTHING
    """What stays at each hospital, one of `LOCAL_LAYERS`."""
    control_variates: bool = False
    """Whether the hospitals correct each step by the difference of two mean gradients (SCAFFOLD)."""
    linear: bool = True
    """Whether its updates may be summed without looking at any single one."""
    pooled: bool = False
    """Whether all slices go into one loader: no federation, and possible in a simulation only."""


def _fewest_trimmed(settings: "StrategySettings") -> int:
    """Count the hospitals of which ``int(trim_fraction * n)``, left out at each end, is at least one."""
    share = settings.trim_fraction or 0.0
    return next(n for n in count(max(3, int(1 / share) - 1)) if int(share * n) >= 1)


POOLED_STRATEGY = "pooled"
_TRIMMED = Bound("a share from 0.001 to below 0.5", lambda share: 0.001 <= share < 0.5)
_MONTH = 30 * 86400.0  # seconds
_MOST_PULL = 1000.0

STRATEGIES: dict[str, Strategy] = {
    "fedavg": Strategy(
        "FedAvg",
        "The mean of the hospitals' models, weighted by their training slices.",
        "The default, and what every other strategy must beat.",
    ),
    "fedprox": Strategy(
        "FedProx",
        "FedAvg whose hospitals are pulled back towards the global model while they train.",
        "Hospitals train long between rounds, or differ much.",
        numbers=("proximal_mu",),
    ),
    "fedavgm": Strategy(
        "FedAvgM",
        "FedAvg whose server goes on in the direction of the last rounds.",
        "Rounds point the same way and progress is slow.",
        numbers=("server_lr", "server_momentum"),
    ),
    "fedadam": Strategy(
        "FedAdam",
        "The server makes Adam's step towards the hospitals' mean.",
        "Many rounds, with hospitals that train with plain gradient descent.",
        numbers=("server_lr", "beta_1", "beta_2", "tau"),
    ),
    "fedyogi": Strategy(
        "FedYogi",
        "As FedAdam, with step lengths that change more slowly.",
        "As FedAdam, where the rounds' steps differ much in size.",
        numbers=("server_lr", "beta_1", "beta_2", "tau"),
    ),
    "fedmedian": Strategy(
        "FedMedian",
        "Weight by weight the median of the hospitals' models.",
        "A hospital may send a wrong model; at least three take part.",
        fewest=lambda _: 3,  # the median of two is their mean
        linear=False,
    ),
    "fedtrimmedavg": Strategy(
        "FedTrimmedAvg",
        "Weight by weight the mean without the largest and the smallest values.",
        "As FedMedian, with more hospitals.",
        numbers=("trim_fraction",),
        fewest=_fewest_trimmed,
        linear=False,
    ),
    "krum": Strategy(
        "Krum",
        "The one model that is nearest to its neighbours; the others are left out.",
        "Several hospitals may be wrong together and most are alike.",
        numbers=("malicious_hospitals",),
        # it bears f wrong updates among 2 f + 3 (Blanchard et al., NeurIPS 2017, section 4)
        fewest=lambda settings: 2 * (settings.malicious_hospitals or 0) + 3,
        linear=False,
    ),
    "scaffold": Strategy(
        "SCAFFOLD",
        "FedAvg whose hospitals correct each step by how their gradients differ from everybody's.",
        "Hospitals differ much; needs plain gradient descent.",
        numbers=("server_lr",),
        control_variates=True,
    ),
    "fedbn": Strategy(
        "FedBN",
        "FedAvg of all but batch normalisation, which each hospital keeps.",
        "Scanners differ more than diseases; gives each hospital a model of its own, and no global one.",
        local_layers=NORMALISATION,
    ),
    "local": Strategy(
        "Local",
        "No federation: each hospital trains alone.",
        "What joining must beat.",
        local_layers=EVERYTHING,
    ),
    POOLED_STRATEGY: Strategy(
        "Pooled",
        "No federation: all slices in one loader, in a simulation only.",
        "How far a federation is from what sharing all data would give.",
        pooled=True,
    ),
}


@dataclass
class StrategySettings:
    """How the server combines the hospitals' updates.

    A number that the strategy does not use is null; each strategy's file under ``conf/strategy/`` sets its own.
    """

    name: str = setting("fedavg", Bound(", ".join(STRATEGIES), STRATEGIES.__contains__))
    """The strategy."""
    min_hospitals: int | None = setting(None, whole_from(1, ", or null"))
    """Quorum of a round; null means all but one, at least two, and what the strategy needs."""
    timeout_seconds: float = setting(21600, above_zero("number of seconds", _MONTH))
    """How long a phase of a round may take before the missing hospitals are left out of it."""
    wait_seconds: float = setting(120, above_zero("number of seconds", _MONTH))
    """How long to wait until the hospitals are there: at the start for all of them, later for the quorum."""
    attempts: int = setting(3, whole_from(1))
    """How often a round below the quorum is tried, on separate machines; a simulation would fail the same way again."""
    clip_to_median: float | None = setting(
        1.0, Bound("null to clip nothing, or a number from 1 to 1000", lambda times: 1 <= times <= 1000)
    )
    """From three hospitals on, no tensor of an update may go further than so many times the round's median hospital.

    An update that is more than three times as long as the median counts nothing.
    """
    weight_to_median: float | None = setting(
        3.0, Bound("null to believe every hospital, or a number from 1 to 1000", lambda times: 1 <= times <= 1000)
    )
    """From three hospitals on, none counts for more slices than so many times the round's median hospital has."""
    proximal_mu: float | None = setting(None, not_negative(_MOST_PULL))
    """Weight of FedProx's proximal term, the pull towards the global model; 0 is FedAvg."""
    server_lr: float | None = setting(None, above_zero("rate", 1000))
    """Length of the server's own step; 1 takes the hospitals' mean as it is, where nothing else scales the step."""
    server_momentum: float | None = setting(None, below_one())
    """Share of the last server step that goes on (FedAvgM)."""
    beta_1: float | None = setting(None, below_one())
    """Decay of the mean of the updates (FedAdam, FedYogi)."""
    beta_2: float | None = setting(None, below_one())
    """Decay of the mean of the updates' squares (FedAdam, FedYogi)."""
    tau: float | None = setting(None, above_zero("number", 1000))
    """Added to the root of the squares: the smaller, the more alike the steps of all weights (FedAdam, FedYogi)."""
    trim_fraction: float | None = setting(None, _TRIMMED)
    """Share of the hospitals left out at each end, weight by weight, rounded down to whole ones (FedTrimmedAvg)."""
    malicious_hospitals: int | None = setting(None, whole_from(0))
    """How many wrong updates Krum can take; one needs five hospitals, f need 2 f + 3."""


@dataclass
class StrategyPlan:
    """What a strategy asks of the hospitals; travels to them."""

    proximal_mu: float = setting(0.0, not_negative(_MOST_PULL))
    """Pull towards the global model while training (FedProx); 0 is none."""
    control_variates: bool = False
    """Whether each step is corrected by the difference of two mean gradients (SCAFFOLD)."""
    keeps: str = setting(NOTHING, Bound(", ".join(LOCAL_LAYERS), LOCAL_LAYERS.__contains__))
    """What of the model stays at each hospital, one of `LOCAL_LAYERS`."""
    clip_to_median: float = setting(0.0, Bound("0, or a number from 1 to 1000", lambda n: n == 0 or 1 <= n <= 1000))
    """How many times the round's median length the centre leaves of each tensor of an update; 0 leaves everything."""
    weight_to_median: float = setting(0.0, Bound("0, or a number from 1 to 1000", lambda n: n == 0 or 1 <= n <= 1000))
    """How many times the round's median number of slices a hospital counts for at most; 0 is no limit."""


def strategy_plan(settings: StrategySettings) -> StrategyPlan:
    """Take from a strategy's settings what travels."""
    row = STRATEGIES[settings.name]
    clip, weight = settings.clip_to_median or 0.0, settings.weight_to_median or 0.0
    return StrategyPlan(settings.proximal_mu or 0.0, row.control_variates, row.local_layers, clip, weight)


def fewest_hospitals(settings: StrategySettings) -> int:
    """Return how many updates a strategy needs in order to do what its name says."""
    return STRATEGIES[settings.name].fewest(settings)


def users_of(number: str) -> list[str]:
    """Return the strategies that use a number, for example ``"server_lr"``."""
    return [name for name, row in STRATEGIES.items() if number in row.numbers]


def refuse_pooled(strategy: str) -> None:
    """Refuse what separate machines cannot do.

    Raises
    ------
    InputError
        ``STRATEGY001`` for a strategy that pools the slices.
    """
    if STRATEGIES[strategy].pooled:
        raise InputError(
            "STRATEGY001",
            f"strategy={strategy} takes every hospital's slices into one loader, so it is possible in a simulation "
            f"only: python -m server.simulate strategy={strategy}.",
        )


def number_problems(settings: StrategySettings) -> Iterator[Problem]:
    """Yield a strategy's numbers that cannot be, and those that it does not use; none for an unknown strategy."""
    row = STRATEGIES.get(settings.name)
    for each in fields(settings) if row else ():
        users, value = users_of(each.name), getattr(settings, each.name)
        if settings.name in users:
            bound: Bound = each.metadata["bound"]
            if value is None or not is_finite(value) or not bound.holds(value):
                yield f"strategy.{each.name}", value, f"{bound.takes}; strategy={settings.name} sets one"
        elif users and value is not None:
            yield f"strategy.{each.name}", value, f"null with {settings.name}; it belongs to {', '.join(users)}"


def size_problems(settings: StrategySettings, hospitals: int) -> Iterator[Problem]:
    """Yield where fewer hospitals take part than a strategy needs, or the quorum is out of reach."""
    fewest = fewest_hospitals(settings)
    if hospitals < fewest:
        number = next(iter(STRATEGIES[settings.name].numbers), "name")
        enough = f"a value for which {hospitals} hospitals are enough, and this one needs {fewest}"
        yield f"strategy.{number}", getattr(settings, number), enough
    elif settings.min_hospitals is not None and not fewest <= settings.min_hospitals <= hospitals:
        wanted = f"{fewest} to {hospitals}, the number of hospitals that take part"
        yield "strategy.min_hospitals", settings.min_hospitals, wanted
