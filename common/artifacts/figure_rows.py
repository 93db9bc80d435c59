"""``figures`` of ``model_meta.json``, over all hospitals or of one, in words and rows; what is not there is left out.

Texts are as those of `common.artifacts.card_tables`: each figure with its 95 % interval.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from common.artifacts.values import count, interval, mapping, number, sequence, text
from common.artifacts.words import NOTHING, share_text
from common.labels import CLASSES

RANKING_HEAD = ("Class", "AUROC", "Average precision", "Sensitivity", "Specificity")
SUBGROUP_HEAD = ("Group", "Of", "Slices", "Patients", "Accuracy")
MEAN = "mean of the classes"
_SHARES = ("sensitivity", "specificity")
_AREAS = ("auroc", "average_precision")
_SOURCES = {
    "manifest": "the hospitals' manifests say whose slices they are",
    "dicom": "DICOM's PatientID says whose slices they are",
    "file name": "file names say whose slices they are",
    "guessed": "whose slices they are was guessed from their order and likeness",
}


def ranking_rows(figures: Any) -> list[list[str]]:
    """Return each class against the rest: AUROC, average precision, sensitivity, specificity; the mean below."""
    per_class = mapping(mapping(figures).get("per_class"))
    rows = []
    for label in CLASSES:
        own = mapping(per_class.get(label))
        if own:
            rows.append([label, *(_area(own, name) for name in _AREAS), *(_share(own, name) for name in _SHARES)])
    return [*rows, [MEAN, _area(mapping(figures), "macro_auroc"), *[NOTHING] * 3]] if rows else []


def subgroup_rows(figures: Any) -> list[list[str]]:
    """Return each subgroup that was told: slices, patients, accuracy."""
    rows = []
    for each in map(mapping, sequence(mapping(figures).get("subgroups"))):
        by, cell = text(each.get("by")), text(each.get("cell"))
        if by and cell:
            cases = [_whole(each.get(name)) for name in ("slices", "patients")]
            rows.append([by, cell, *cases, _share(each, "test_accuracy", "interval")])
    return rows


def sentences(figures: Any) -> list[str]:
    """Say how patients were judged, how far probabilities are from the truth, and what was kept back."""
    found = mapping(figures)
    own = mapping(found.get("per_patient"))
    patients, brier, withheld = (
        count(own.get("patients")),
        number(found.get("brier")),
        count(found.get("subgroups_withheld")),
    )
    said = []
    if patients:
        source = _SOURCES.get(text(own.get("source")) or "", "what says whose slices they are is not recorded")
        accuracy = _share(own, "test_accuracy", "interval")
        said.append(
            f"By patient, from the mean of the slices' probabilities: {accuracy} % of {patients:,} patients, mean "
            f"AUROC {_area(own, 'macro_auroc')}; {source}."
        )
    if brier is not None:
        said.append(
            f"Brier score over the four classes: {brier:.3f}; 0 is best, and a guess of a quarter each has 0.75."
        )
    if withheld:
        said.append(
            f"{withheld:,} subgroups are not told: too few slices or patients, or others would follow from them."
        )
    return said


def threshold(figures: Any) -> float | None:
    """Return the threshold of sensitivity and specificity, None if it is not recorded."""
    classes = mapping(mapping(figures).get("per_class")).values()
    return next((value for own in classes if (value := number(mapping(own).get("threshold"))) is not None), None)


def decision_curve(figures: Any, label: str) -> list[tuple[float, float, float]]:
    """Return threshold, net benefit of the model and that of acting on all, for one class."""
    points = sequence(mapping(mapping(figures).get("net_benefit")).get(label))
    rows = [tuple(number(mapping(each).get(name)) for name in ("threshold", "model", "all")) for each in points]
    return [(at, model, everybody) for at, model, everybody in rows if None not in (at, model, everybody)]  # type: ignore[misc]


def figure_table(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every figure with its ends, one a row, over all hospitals and at each, as fractions."""
    parts = {"all hospitals": metrics, **mapping(metrics.get("per_hospital"))}
    for hospital, body in parts.items():
        for unit, found in _units(mapping(mapping(body).get("figures"))):
            for label, own in {MEAN: found, **mapping(found.get("per_class"))}.items():
                for name in ("macro_auroc", *_AREAS, *_SHARES, "brier", "test_accuracy"):
                    most = len(CLASSES) if name == "brier" else 1
                    if (value := number(mapping(own).get(name))) is None or not 0 <= value <= most:
                        continue
                    ends = _ends(own, name) or (None, None)
                    row = {"hospital": hospital, "unit": unit, "class": label, "figure": name.removeprefix("macro_")}
                    yield row | {"value": value, "low": ends[0], "high": ends[1]}


def _units(figures: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [("slice", figures), ("patient", mapping(figures.get("per_patient")))]


def _ends(own: Mapping[str, Any], name: str, key: str = "") -> tuple[float, float] | None:
    found = interval(own.get(key or ("interval" if name == "test_accuracy" else f"{name}_interval")))
    return found if found and 0 <= found[0] <= found[1] <= 1 else None


def _fraction(own: Mapping[str, Any], name: str) -> float | None:
    value = number(own.get(name))
    return value if value is not None and 0 <= value <= 1 else None


def _share(own: Mapping[str, Any], name: str, key: str = "") -> str:
    """Write a fraction in percent."""
    value = _fraction(own, name)
    return NOTHING if value is None else share_text(value, _ends(own, name, key))


def _area(own: Mapping[str, Any], name: str) -> str:
    """Write an area as the field does: ``"0.912 (0.880–0.940)"``."""
    value, ends = _fraction(own, name), _ends(own, name)
    if value is None:
        return NOTHING
    return f"{value:.3f} ({ends[0]:.3f}–{ends[1]:.3f})" if ends else f"{value:.3f}"


def _whole(value: Any) -> str:
    found = count(value)
    return NOTHING if found is None else f"{found:,}"
