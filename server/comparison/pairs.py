"""Which runs are judged beside each other, and at which hospitals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.artifacts.compared.records import Pair
from common.artifacts.external.trained_at import TrainedAt, trained_at
from common.artifacts.layout import existing_run
from common.config.hydra import load_hospitals
from common.errors import InputError
from common.text import listed
from server.comparison.subjects import Place, Subject
from server.recording.resume import stored_settings


@dataclass(frozen=True)
class Planned:
    """The pairs of a comparison, and what has no partner, in sentences."""

    pairs: Sequence[Pair]
    unpaired: tuple[str, ...] = ()


def plan_pairs(subject: Subject, reference: Subject, hospitals: Sequence[str], output_dir: Path) -> Planned:
    """Return the pairs of two runs, or of two studies place by place.

    Parameters
    ----------
    hospitals : sequence of str
        Keys that were typed, for two runs; empty for the hospitals that trained both.

    Raises
    ------
    InputError
        ``COMPARE001`` where there is nothing to compare; ``MODEL004`` where a run's files do not say who trained it.
    """
    if (subject.run is None) != (reference.run is None):
        raise InputError("COMPARE001", "A run is compared with a run, and a study with a study; name two of a kind.")
    if subject.label == reference.label:
        raise InputError("COMPARE001", f"{subject.label} cannot be compared with itself; name another.")
    if subject.run and reference.run:
        return Planned([_of_runs(subject.run, reference.run, hospitals, output_dir)])
    if hospitals:
        raise InputError("COMPARE001", "Each run of a study has its own hospitals, so leave hospitals=[...] out.")
    return _of_studies(subject, reference, output_dir)


def _of_runs(run: str, reference: str, hospitals: Sequence[str], output_dir: Path) -> Pair:
    one, other = (trained_at(existing_run(output_dir, each)) for each in (run, reference))
    both, either = [key for key in one if key in other], {*one, *other}
    keys = list(hospitals) or both
    if not keys:
        raise InputError(
            "COMPARE001",
            f"No hospital trained both {run} and {reference}; say where to compare them, for example "
            "hospitals=[aiims_delhi].",
        )
    load_hospitals(keys, fewest=1)
    elsewhere = not set(keys) & either
    if not elsewhere and (favoured := [key for key in keys if key not in both]):
        raise InputError(
            "COMPARE001",
            f"{listed(favoured)} did not train both {run} and {reference}, which is not fair to both; name "
            "hospitals that trained both, or only such that trained neither.",
        )
    settings = stored_settings(existing_run(output_dir, run))
    return Pair(run, reference, settings.seed, tuple(keys), elsewhere=elsewhere)


def _of_studies(subject: Subject, reference: Subject, output_dir: Path) -> Planned:
    common = [place for place in subject.runs if place in reference.runs]
    unpaired = tuple(_unpaired(subject, reference)) + tuple(_unpaired(reference, subject))
    if not common:
        raise InputError(
            "COMPARE001",
            f"{subject.label} and {reference.label} have no seed, fold and left-out hospital in common, so nothing "
            "was judged on the same slices; run both studies with the same study.seeds and study.folds.",
        )
    if same := [place for place in common if subject.runs[place] == reference.runs[place]]:
        raise InputError(
            "COMPARE001",
            f"{subject.label} and {reference.label} are the same runs ({subject.runs[same[0]]}); name another study.",
        )
    known = {
        run: trained_at(existing_run(output_dir, run))
        for place in common
        for run in (subject.runs[place], reference.runs[place])
    }
    keys = {each.name: key for found in known.values() for key, each in found.items()}
    return Planned(
        [_of_place(place, subject.runs[place], reference.runs[place], known, keys) for place in common], unpaired
    )


def _of_place(
    place: Place, run: str, reference: str, known: Mapping[str, Mapping[str, TrainedAt]], keys: Mapping[str, str]
) -> Pair:
    """Return a place's pair: at the left-out hospital, else at those that trained both."""
    if place.without is None:
        hospitals = tuple(key for key in known[run] if key in known[reference])
    elif place.without in keys:
        hospitals = (keys[place.without],)
    else:
        raise InputError(
            "COMPARE001",
            f"Which hospital {place.without} is cannot be told from these studies, since no other run of them has it; "
            f"compare {run} and {reference} with hospitals=[...].",
        )
    return Pair(run, reference, place.seed, hospitals, place.fold, place.without, place.without is not None)


def _unpaired(one: Subject, other: Subject) -> list[str]:
    lost = [place.words for place in one.runs if place not in other.runs]
    if not lost:
        return []
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return [f"{len(lost)} of the runs of {one.label} have no partner in {other.label}: {'; '.join(lost[:3])}{more}."]
