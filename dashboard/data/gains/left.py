"""What left each hospital in a run, and what protected it: no more than the run's files say."""

from collections.abc import Mapping
from typing import Any

from common.artifacts.privacy import words
from common.artifacts.privacy.guarantee import RunPrivacy, privacy_of
from common.artifacts.schema import Run
from common.artifacts.values import count, mapping, number, text
from common.config.privacy import DP_SGD, DP_SGD_SECAGG, NONE, SECAGG

NO_PICTURES = "No message of this program carries a picture, a pixel or a file name (docs/privacy.md)."
_UPDATES = {
    NONE: "in each round an update of the model's weights, which the centre sees one by one",
    SECAGG: "in each round an update of the model's weights, masked: the centre learns the hospitals' sum alone",
    DP_SGD: "in each round an update of the model's weights with noise, which the centre sees one by one",
    DP_SGD_SECAGG: "in each round an update of the model's weights with noise, masked: the centre learns the sum alone",
}
_SIMULATED = ("ray", "inprocess")


def kinds(run: Run) -> list[str]:
    """Return what kinds of numbers left each hospital, by the run's settings and by what it recorded."""
    figures = mapping(run.own_metrics.get("figures"))
    held = run.hospitals.values()
    found = [
        _UPDATES.get(_privacy(run).name or "", "in each round an update of the model's weights; how is not recorded"),
        "who took part and when; how many slices of each class it holds, trains, validates and tests with"
        if run.hospitals
        else None,
        "what its audit counted" if any(each.audit for each in held) else None,
        _of_rounds(run) if any(each.hospitals for each in run.rounds) else None,
        "for the test's intervals, a thousand confusion matrices of drawn slices" if _bootstrapped(run) else None,
        "its test slices counted by score, its test patients counted by result" if figures else None,
        "counts by sex, age, scanner and sequence, where enough are alike" if figures.get("subgroups") else None,
        "after the last round, sums over its training slices of what the network makes of them, and its held-out "
        "slices counted by how unlike those they are"
        if mapping(run.meta.get("familiarity")).get("hospitals")
        else None,
        "keyed fingerprints of its slices, to find copies at other hospitals"
        if any(each.shared is not None for each in held)
        else None,
    ]
    return [each for each in found if each]


def sent(run: Run) -> dict[str, int | None]:
    """Return the bytes that each hospital sent in all rounds together; None where a round did not record them."""
    found: dict[str, int | None] = {}
    for name in run.hospital_names:
        parts = [round_.hospitals[name].bytes_up for round_ in run.rounds if name in round_.hospitals]
        found[name] = sum(each for each in parts if each is not None) if parts and None not in parts else None
    return found


def protection(run: Run) -> list[tuple[str, str]]:
    """Return what protected the hospitals, as pairs of name and what is recorded of it."""
    return [
        ("Where", _where(run)),
        ("Secure aggregation", _aggregation(run)),
        ("Differential privacy", _differential(run)),
        ("Outlying updates", _clipping(run)),
        ("Signed record of the run", "kept (ledger.jsonl)" if run.meta.get("ledger") else "not recorded"),
    ]


def _where(run: Run) -> str:
    engine = run.status.engine or text(run.meta.get("engine"))
    if engine in _SIMULATED:
        return "a simulation: all hospitals' folders were on one computer; nothing went between machines"
    return "on separate machines; whether the connection was encrypted is not recorded" if engine else "not recorded"


def _aggregation(run: Run) -> str:
    privacy, bits = _privacy(run), count(_part(run, "privacy").get("bits"))
    if privacy.is_secure:
        return f"on, {bits or 'unrecorded'} bits: the centre learns the sum of the updates alone"
    return "off: the centre sees each hospital's update" if privacy.name else "not recorded"


def _differential(run: Run) -> str:
    return words.claim(_privacy(run)).removeprefix("Differential privacy ")


def _of_rounds(run: Run) -> str:
    said = "in each round its loss, accuracy and confusion matrix"
    return f"{said} of validation, none of training" if _privacy(run).is_private else said


def _clipping(run: Run) -> str:
    strategy = _part(run, "strategy")
    if _privacy(run).is_secure:
        return "each hospital checks its own, the centre their sum"
    if "clip_to_median" not in strategy:
        return "not recorded"
    most = number(strategy.get("clip_to_median"))
    return f"cut to {most:g} times the median length" if most else "not cut"


def _privacy(run: Run) -> RunPrivacy:
    return privacy_of(run, mapping(run.meta.get("settings")))


def _part(run: Run, name: str) -> Mapping[str, Any]:
    return mapping(mapping(run.meta.get("settings")).get(name))


def _bootstrapped(run: Run) -> bool:
    return bool(mapping(mapping(run.own_metrics.get("intervals")).get("bootstrap")))
