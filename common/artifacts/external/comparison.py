"""``comparison`` of ``evaluation_meta.json``: two models on the same slices, written, read and said in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from common.artifacts.external.paired_words import Behind, interval_points, p_text
from common.artifacts.values import mapping, number, sequence, text
from common.metrics.case_sums import CaseSums
from common.metrics.evaluation import EvaluateResult
from common.metrics.paired.figures import paired_figures
from common.metrics.paired.needed import groups_needed, smallest_difference
from common.text import counted, listed

if TYPE_CHECKING:
    from common.artifacts.external.finished import FinishedModel  # with PyTorch, which a reader does without


_Count = Annotated[int, Meta(ge=0)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_Difference = Annotated[float, Meta(ge=-1, le=1)]


@dataclass(frozen=True)
class Compared:
    """Both models on some of the cases; accuracies as fractions."""

    of: str
    """``patients`` or ``slices``."""
    name: str
    """The class; empty for all together."""
    cases: _Count
    only_this: _Count
    only_reference: _Count
    accuracy: _Share
    reference_accuracy: _Share
    difference: _Difference
    interval: tuple[_Difference, _Difference]
    p: _Share

    @property
    def verdict(self) -> str:
        """Whether the difference may be chance's, by its 95 % interval."""
        if self.interval[0] <= 0 <= self.interval[1]:
            return "not distinguishable"
        return "better" if self.difference > 0 else "worse"


def comparison_json(model: "FinishedModel", tests: Mapping[str, EvaluateResult]) -> dict[str, Any] | None:
    """Return the comparison with the model's reference; None where none was asked for."""
    other, cases = model.reference, {name: test.cases for name, test in tests.items() if test.cases}
    found = paired_figures(list(cases.values())) if other else None
    if not other or not found:
        return None
    return {
        "with": other.run_id,
        "model_sha256": other.sha256,
        **found,
        "per_hospital": {name: own for name, sums in cases.items() if (own := _of_hospital(sums))},
    }


def _of_hospital(sums: CaseSums) -> dict[str, Any] | None:
    found = paired_figures([sums])
    return {part: found[part] for part in ("patients", "slices")} if found else None


def reference_of(meta: Mapping[str, Any]) -> str | None:
    """Return the run whose model an evaluation's own was compared with; None for none."""
    return text(mapping(meta.get("comparison")).get("with"))


def compared_rows(meta: Mapping[str, Any]) -> list[Compared]:
    """Return patients, then those of each class, then slices likewise; what does not fit is left out."""
    found, rows = mapping(meta.get("comparison")), []
    for part in ("patients", "slices"):
        body = mapping(found.get(part))
        rows += [_row(part, "", body)]
        rows += [_row(part, name, mapping(own)) for name, own in mapping(body.get("per_class")).items()]
    return [row for row in rows if row]


def _row(of: str, name: str, body: Mapping[str, Any]) -> Compared | None:
    try:
        return msgspec.convert({**body, "of": of, "name": name, "p": body.get("mcnemar_p")}, Compared)
    except msgspec.ValidationError:
        return None


def comparison_sentences(meta: Mapping[str, Any]) -> Iterator[str]:
    """Say which model is better, by patients first; nothing where none was compared with."""
    other, rows = reference_of(meta), {row.of: row for row in compared_rows(meta) if not row.name}
    if not other or not {"patients", "slices"} <= set(rows):
        return
    run, patients, slices = text(meta.get("of")) or "the run", rows["patients"], rows["slices"]
    source = text(mapping(mapping(meta.get("comparison")).get("patients")).get("source"))
    guessed = " (guessed)" if source == "guessed" else ""
    yield (
        f"On the same {counted(slices.cases, 'slice')} of {counted(patients.cases, 'patient')}{guessed}, the models of "
        f"{run} and {other} are right on {_both(patients)} % of patients: {_points(patients)}, {patients.verdict} "
        f"(exact McNemar test over patients: p {p_text(patients.p)})."
    )
    yield f"Of slices {_both(slices)} %: {_points(slices)}, {slices.verdict}, with patients as clusters."
    if behind := behind_slices(mapping(meta.get("comparison"))):
        yield behind.sentence
    yield (
        f"McNemar's test over slices (p {p_text(slices.p)}) takes slices of one patient for independent, which they "
        "are not; go by patients."
    )
    yield from _favoured(meta, run, other)


def behind_slices(found: Mapping[str, Any]) -> Behind | None:
    """Return what the difference over slices rests on, by ``comparison`` or what it holds of one hospital."""
    rows = {row.of: row for row in compared_rows({"comparison": found}) if not row.name}
    if not {"patients", "slices"} <= set(rows):
        return None
    slices, groups = rows["slices"], rows["patients"].cases
    effect = number(mapping(found.get("slices")).get("design_effect")) or 1.0
    both = round(slices.accuracy * slices.cases) - slices.only_this
    neither = slices.cases - both - slices.only_this - slices.only_reference
    table = np.array([[both, slices.only_this], [slices.only_reference, neither]])
    guessed = text(mapping(found.get("patients")).get("source")) == "guessed"
    return Behind(
        slices.difference,
        slices.interval,
        groups,
        groups_needed(table, groups, effect),
        smallest_difference(table, effect),
        "group" if guessed else "patient",
    )


def _favoured(meta: Mapping[str, Any], run: str, other: str) -> Iterator[str]:
    """Name hospitals that trained one of the two models alone."""
    said = [mapping(each) for each in sequence(meta.get("hospitals"))]
    for key, without, trained, not_trained in (
        ("trained", "trained_reference", run, other),
        ("trained_reference", "trained", other, run),
    ):
        names = [each["name"] for each in said if each.get(key) is True and each.get(without) is False]
        if names := [name for name in names if isinstance(name, str)]:
            yield f"{listed(names)} trained {trained} and not {not_trained}, which favours {trained} there."


def _both(row: Compared) -> str:
    return f"{100 * row.accuracy:.1f} and {100 * row.reference_accuracy:.1f}"


def _points(row: Compared) -> str:
    return f"{100 * row.difference:+.1f} points ({interval_points(row.interval)})"
