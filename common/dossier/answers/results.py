"""What a run's files say of how good its model is, how sure that is, and where it is worse."""

from collections.abc import Mapping
from typing import Any

from common.artifacts import words
from common.artifacts.external.words import copies, elsewhere_interval
from common.artifacts.layout import CARD, META
from common.artifacts.values import count, interval, mapping, matrix, number, sequence, text
from common.artifacts.words import accuracy_interval, recorded_interval
from common.dossier.answers import privacy
from common.dossier.answers.said import answer, decimal, says, share, whole
from common.dossier.evidence import Evaluation, Evidence
from common.dossier.items import Answer
from common.labels import CLASSES, NUM_CLASSES
from common.text import counted, listed


def metrics(evidence: Evidence) -> Answer | None:
    """Name the figures that were computed."""
    if not evidence.metrics:
        return None
    more = ", AUROC, average precision, Brier score and net benefit" if evidence.figures else ""
    said = f"Accuracy; recall, precision and F1 by class and as macro means; expected calibration error{more}."
    return answer([said, "Each for all hospitals together and for each hospital."], META)


def uncertainty(evidence: Evidence) -> Answer | None:
    """Say how the intervals were made."""
    intervals = evidence.metrics.get("intervals")
    return answer([words.how_sure(intervals)], META) if mapping(intervals) else None


def internal(evidence: Evidence) -> Answer | None:
    """Say how the model did on the hospitals' own test slices."""
    cases, final = whole(evidence.test_slices), evidence.run.notice if evidence.run.measured_with else None
    said = "On {} test slices of the hospitals that trained: accuracy {}."
    return answer([final, says(said, cases, _accuracy(evidence.metrics)), _tested_once(evidence)], META)


def external(evidence: Evidence) -> Answer | None:
    """Say how the model did at hospitals that did not train it; None where that was not tried."""
    lines = [said for each in evidence.evaluations if (said := _evaluation(each))]
    return answer(lines, *(each.file for each in evidence.evaluations))


def differences(evidence: Evidence) -> Answer | None:
    """Say how test data differ from training data."""
    if not evidence.metrics:
        return None
    same = "Test slices are of the same hospitals and classes as training slices; only the split parts them."
    other = (
        f"{counted(len(evidence.evaluations), 'evaluation')} at other hospitals is recorded."
        if evidence.evaluations
        else None
    )
    return answer([same, other or "No evaluation at another hospital is recorded."], META)


def performance(evidence: Evidence) -> Answer | None:
    """Give accuracy, macro figures and the error of calibration with intervals."""
    own = evidence.metrics
    macro = number(own.get("avg_f1"))
    ends = recorded_interval(own.get("intervals"), "macro_f1")
    area = mapping(own.get("figures"))
    return answer(
        [
            evidence.run.notice if evidence.run.measured_with else None,
            says("Accuracy {} on {} test slices.", _accuracy(own), whole(evidence.test_slices)),
            says("Macro F1 {}.", share(macro, ends)),
            says("Macro AUROC {}.", decimal(area.get("macro_auroc"), interval(area.get("macro_auroc_interval")))),
            words.calibration(evidence.meta),
            _patients(area),
        ],
        META,
    )


def by_class(evidence: Evidence) -> Answer | None:
    """Give each class's sensitivity and precision, and specificity and AUROC where recorded, with intervals."""
    return answer([_class(evidence, label) for label in CLASSES], META)


def by_hospital(evidence: Evidence) -> Answer | None:
    """Give each hospital's accuracy, and how far they are apart."""
    lines = []
    for name, body in mapping(evidence.metrics.get("per_hospital")).items():
        own = mapping(body)
        lines.append(says("{}: {} of {} slices.", name, _accuracy(own), whole(own.get("n_test"))))
    return answer([*lines, words.worst_hospital(evidence.metrics)], META)


def clusters(evidence: Evidence) -> Answer | None:
    """Say how differences between hospitals were looked at."""
    if not mapping(evidence.metrics.get("per_hospital")):
        return None
    said = "Hospitals are the clusters: each is tested by itself, and the worst, the gap and the deviation are given."
    return answer([said], META)


def fairness(evidence: Evidence) -> Answer | None:
    """Give how evenly the model serves hospitals, and subgroups where they are recorded."""
    cells = sequence(evidence.figures.get("subgroups"))
    withheld = count(evidence.figures.get("subgroups_withheld"))
    groups = [_subgroup(mapping(cell)) for cell in cells]
    kept = f"{counted(withheld, 'cell')} had too few patients to be given." if withheld else None
    return answer([words.worst_hospital(evidence.metrics), *groups, kept], META)


def updating(evidence: Evidence) -> Answer | None:
    """Say whether the model was changed after training: by one temperature."""
    return answer([words.calibration(evidence.meta)], META)


def failures(evidence: Evidence) -> Answer | None:
    """Name the errors that were made most often."""
    counts = matrix(evidence.metrics.get("confusion_matrix"), NUM_CLASSES)
    if counts is None:
        return None
    wrong = [(counts[i][j], CLASSES[i], CLASSES[j]) for i in range(4) for j in range(4) if i != j and counts[i][j]]
    most = sorted(wrong, key=lambda each: -each[0])[:3]
    named = "; ".join(f"{true} taken for {said}: {counted(times, 'slice')}" for times, true, said in most)
    return answer([f"Most frequent errors: {named}." if named else "No test slice was named wrongly."], META)


def limitations(evidence: Evidence) -> Answer | None:
    """Give the run's own warnings, and the limits that hold for every model of this program."""
    cautions = [f"{each.code}: {each.sentence}" for each in words.cautions_of(evidence.meta)]
    cautions += [each for each in (*privacy.promise(evidence)[:1], privacy.attacks(evidence)) if each]
    if evidence.card is None:
        return answer(cautions, META)
    from common.artifacts.card import BULLET, CAVEATS, fixed_section

    fixed = [piece.removeprefix(BULLET) for piece in fixed_section(CAVEATS)]
    since = f"Since that was written, evaluated elsewhere: {listed([each.name for each in evidence.evaluations])}."
    return answer([*cautions, *fixed, since if evidence.evaluations else None], META, CARD)


def bad_input(evidence: Evidence) -> Answer | None:
    """Say what the model does with an image that it should not be asked about."""
    if evidence.card is None:
        return None
    said = "The model names one of its classes for any image, also for one that shows none of them."
    audited = "Before training, each hospital's audit leaves out files that cannot be used."
    return answer([said, audited], CARD)


def _accuracy(own: Mapping[str, Any]) -> str | None:
    return share(own.get("test_accuracy"), accuracy_interval(own))


def _tested_once(evidence: Evidence) -> str | None:
    return "They were looked at once, after the model had been chosen." if evidence.metrics else None


def _evaluation(each: Evaluation) -> str | None:
    where = f" at {listed(each.hospitals)}" if each.hospitals else ""
    said = says(
        "{}: accuracy {}.",
        f"{each.name}{where}",
        share(each.elsewhere.get("test_accuracy"), elsewhere_interval(each.meta)),
    )
    return f"{said} {copies(each.meta) or ''}".strip() if said else None


def _patients(area: Mapping[str, Any]) -> str | None:
    own = mapping(area.get("per_patient"))
    known = share(own.get("test_accuracy"), interval(own.get("interval")))
    said = "Per patient: accuracy {} of {} patients (known from: {})."
    return says(said, known, whole(own.get("patients")), text(own.get("source")))


def _class(evidence: Evidence, label: str) -> str | None:
    own, intervals = mapping(mapping(evidence.metrics.get("per_class")).get(label)), evidence.metrics.get("intervals")
    cases = count(own.get("support"))
    if not cases:
        return f"{label}: no test slice." if cases == 0 else None
    more = mapping(mapping(evidence.figures.get("per_class")).get(label))
    parts = [
        says("sensitivity {}", share(own.get("recall"), recorded_interval(intervals, "per_class_recall", label))),
        says("precision {}", share(own.get("precision"), recorded_interval(intervals, "per_class_precision", label))),
        says("specificity {}", share(more.get("specificity"), interval(more.get("specificity_interval")))),
        says("AUROC {}", decimal(more.get("auroc"), interval(more.get("auroc_interval")))),
    ]
    return f"{label} ({counted(cases, 'slice')}): {', '.join(part for part in parts if part)}."


def _subgroup(cell: Mapping[str, Any]) -> str | None:
    known = share(cell.get("test_accuracy"), interval(cell.get("interval")))
    return says(
        "{} {}: accuracy {} of {} slices.",
        text(cell.get("by")),
        text(cell.get("cell")),
        known,
        whole(cell.get("slices")),
    )
