"""What each strategy is called, does and is for, in one sentence each; `docs/strategies.md` says more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """One strategy.

    Attributes
    ----------
    title : str
        As its authors write it.
    does : str
        What it does.
    use : str
        When to choose it.
    """

    title: str
    does: str
    use: str


ABOUT: dict[str, About] = {
    "fedavg": About(
        "FedAvg",
        "The mean of the hospitals' models, weighted by their training slices.",
        "The default, and what every other strategy must beat.",
    ),
    "fedprox": About(
        "FedProx",
        "FedAvg whose hospitals are pulled back towards the global model while they train.",
        "Hospitals train long between rounds, or differ much.",
    ),
    "fedavgm": About(
        "FedAvgM",
        "FedAvg whose server goes on in the direction of the last rounds.",
        "Rounds point the same way and progress is slow.",
    ),
    "fedadam": About(
        "FedAdam",
        "The server makes Adam's step towards the hospitals' mean.",
        "Many rounds, with hospitals that train with plain gradient descent.",
    ),
    "fedyogi": About(
        "FedYogi",
        "As FedAdam, with step lengths that change more slowly.",
        "As FedAdam, where the rounds' steps differ much in size.",
    ),
    "fedmedian": About(
        "FedMedian",
        "Weight by weight the median of the hospitals' models.",
        "A hospital may send a wrong model; at least three take part.",
    ),
    "fedtrimmedavg": About(
        "FedTrimmedAvg",
        "Weight by weight the mean without the largest and the smallest values.",
        "As FedMedian, with more hospitals.",
    ),
    "krum": About(
        "Krum",
        "The one model that is nearest to its neighbours; the others are left out.",
        "Several hospitals may be wrong together and most are alike.",
    ),
    "scaffold": About(
        "SCAFFOLD",
        "FedAvg whose hospitals correct each step by how their gradients differ from everybody's.",
        "Hospitals differ much; needs plain gradient descent.",
    ),
    "fedbn": About(
        "FedBN",
        "FedAvg of all but batch normalisation, which each hospital keeps.",
        "Scanners differ more than diseases; gives each hospital a model of its own, and no global one.",
    ),
    "local": About(
        "Local",
        "No federation: each hospital trains alone.",
        "What joining must beat.",
    ),
    "pooled": About(
        "Pooled",
        "No federation: all slices in one loader, in a simulation only.",
        "How far a federation is from what sharing all data would give.",
    ),
}
