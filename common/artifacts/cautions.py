"""``warnings`` of ``model_meta.json``: what makes a run's test figures worth less than they seem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from common.artifacts.read_cautions import Caution
from common.metrics.calibration import is_at_edge
from common.protocol.description import Description
from common.text import counted, listed


def cautions(
    descriptions: Sequence[Description], temperature: float | None = None, trained_elsewhere: int | None = None
) -> list[Caution]:
    """Return every reason for doubt that the hospitals' counts, their copies and the fit of the temperature give.

    Parameters
    ----------
    descriptions : sequence of Description
        In configured order.
    temperature : float or None
        As fitted (see `common.metrics.calibration`).
    trained_elsewhere : int or None
        Test slices of one hospital that another trains on; None where the hospitals were not compared.
    """
    found = [
        _shared_groups(descriptions),
        _two_labels(descriptions),
        _near_two_labels(descriptions),
        _edge(temperature),
        _copies(trained_elsewhere),
    ]
    return [caution for caution in found if caution is not None]


def to_json(found: Sequence[Caution]) -> list[dict[str, str]]:
    """Return ``warnings`` as the file keeps it."""
    return [asdict(caution) for caution in found]


def _shared_groups(descriptions: Sequence[Description]) -> Caution | None:
    at = {d.name: d.groups_across_splits for d in descriptions if d.groups_across_splits}
    if not at:
        return None
    return Caution(
        "EVAL001",
        f"{counted(sum(at.values()), 'group')} of look-alike or neighbouring slices "
        f"{'stands' if sum(at.values()) == 1 else 'stand'} on more than one side of the split ({_where(at)}): the "
        "model has seen what it is tested on, so the figures flatter it; train again with data.group_split=true.",
    )


def _two_labels(descriptions: Sequence[Description]) -> Caution | None:
    at = _audited(descriptions, "DATA007")
    if not at:
        return None
    return Caution(
        "EVAL002",
        f"One picture stands under two labels ({_where(at)} files): those files were left out, and other labels may be "
        "wrong as well; let a radiologist decide.",
    )


def _near_two_labels(descriptions: Sequence[Description]) -> Caution | None:
    at = _audited(descriptions, "DATA010")
    if not at:
        return None
    return Caution(
        "EVAL003",
        f"Slices that look almost exactly alike stand under two labels ({_where(at)} pairs): one label of each pair "
        "may be wrong, and counts in the figures as it stands; let a radiologist look at them.",
    )


def _edge(temperature: float | None) -> Caution | None:
    if temperature is None or not is_at_edge(temperature):
        return None
    return Caution(
        "EVAL004",
        f"The temperature lies at the end of its range ({temperature:g}), as it does where the validation slices are "
        "too few or all answered alike: do not rely on the calibrated probabilities.",
    )


def _copies(trained_elsewhere: int | None) -> Caution | None:
    if not trained_elsewhere:
        return None
    return Caution(
        "EVAL005",
        f"{counted(trained_elsewhere, 'test slice')} of one hospital {'is' if trained_elsewhere == 1 else 'are'} "
        "trained on at another: the model has seen what it is tested on, so the figures flatter it; each hospital "
        "finds its copies by index in the run's cross_duplicates/, and one of each two should be left out.",
    )


def _audited(descriptions: Sequence[Description], code: str) -> dict[str, int]:
    """Return the count of a finding by the hospitals that have it."""
    return {d.name: finding["count"] for d in descriptions for finding in d.numbers["audit"] if finding["code"] == code}


def _where(counts: Mapping[str, int]) -> str:
    return listed([f"{name} {count:,}" for name, count in counts.items()])
