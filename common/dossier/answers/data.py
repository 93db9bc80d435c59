"""What a run's files say of its data: where it is from, how it was prepared and split, what was left out."""

from collections.abc import Sequence

from common.artifacts.layout import CONFIG, LEDGER, META, SPLITS, STATS
from common.artifacts.values import count
from common.artifacts.words import slices_text, split_sentences
from common.dossier.answers import privacy
from common.dossier.answers.said import answer, says, whole
from common.dossier.evidence import Evidence
from common.dossier.items import Answer
from common.labels import CLASSES, SYNTHETIC
from common.metrics.fairness import exclusive_classes
from common.text import counted, listed

PARTS = {"train": "training", "val": "validation", "test": "test"}


def sources(evidence: Evidence) -> Answer | None:
    """Say which hospitals took part, where they are, and with how many slices."""
    lines = []
    for each in evidence.hospitals:
        where = f" ({each.location[0]:.2f}, {each.location[1]:.2f})" if each.location else ""
        total = f": {slices_text(each.total, each.used, 'slices')}" if each.total is not None else ""
        lines.append(f"{each.name}{where}{total}")
    if not lines:
        return None
    return answer(
        [SYNTHETIC if evidence.run.synthetic else None, f"{counted(len(lines), 'hospital')}: {'; '.join(lines)}."],
        STATS,
    )


def preprocessing(evidence: Evidence) -> Answer | None:
    """Say what is done to a slice before the network sees it."""
    side = count(evidence.meta.get("image_size")) or count(evidence.part("data").get("image_size"))
    return answer(
        [says("Each slice is decoded, brought to {0} x {0} RGB pixels and normalised with ImageNet's mean.", side)],
        META,
        CONFIG,
    )


def subsets(evidence: Evidence) -> Answer | None:
    """Say whether only some of the slices were taken."""
    data = evidence.part("data")
    if "max_per_class" not in data:
        return None
    most = count(data["max_per_class"])
    taken = f"at most {most:,} slices of each class at each hospital" if most is not None else "every usable slice"
    return answer([f"The run took {taken}."], CONFIG)


def exclusions(evidence: Evidence) -> Answer | None:
    """Say how many files were found, how many could not be used, and what the audits found."""
    known = [each for each in evidence.hospitals if each.files_found is not None and each.unusable_files is not None]
    lines = [f"{each.name}: {each.unusable_files:,} of {each.files_found:,} files left out" for each in known]
    found = sorted({f"{one.code} {one.title}" for each in known for one in each.audit if one.severity != "info"})
    audit = f"The hospitals' audits found: {'; '.join(found)}." if found else None
    return answer([f"{'; '.join(lines)}." if lines else None, audit if lines else None], STATS)


def missing(evidence: Evidence) -> Answer | None:
    """Say what was missing (files, classes, hospitals) and that nothing was filled in."""
    if not evidence.hospitals:
        return None
    lacking = [
        f"{each.name} has no {listed(each.missing_classes)}" for each in evidence.hospitals if each.missing_classes
    ]
    gone = evidence.run.status.missing_hospitals
    return answer(
        [
            "An image has no missing values; a file that cannot be used is left out, and nothing is filled in.",
            f"{'; '.join(lacking)}." if lacking else "Every hospital holds every class.",
            f"These hospitals missed a round or the test: {listed(gone)}." if gone else None,
        ],
        STATS,
    )


def partitions(evidence: Evidence) -> Answer | None:
    """Say how slices went to training, validation and test, and how many."""
    return answer([*split_sentences(evidence.meta)[:1], _sizes(evidence)], META, SPLITS)


def disjoint(evidence: Evidence) -> Answer | None:
    """Say on which level the parts are apart: patients where they are known, else groups of related slices."""
    known = {each.patients.source for each in evidence.hospitals if each.patients}
    guessed = "Patients are guessed from groups of related slices, not known."
    whole_ones = "Patients are kept whole; known from: {}."
    level = guessed if "guessed" in known else says(whole_ones, listed(sorted(known)))
    return answer([*split_sentences(evidence.meta)[1:], level], META, STATS)


def sizes(evidence: Evidence) -> Answer | None:
    """Say how many slices, and patients where recorded, are in each part."""
    return answer([_sizes(evidence), patients_sentence(evidence)], META, STATS)


def _sizes(evidence: Evidence) -> str | None:
    numbers = [whole(evidence.meta.get(f"{part}_samples")) for part in PARTS]
    return says("{} slices train, {} validate, {} test.", *numbers)


def patients_sentence(evidence: Evidence) -> str | None:
    """Say how many patients each part has, where that is recorded."""
    known = [each.patients for each in evidence.hospitals if each.patients]
    if not known or len(known) < len(evidence.hospitals):
        return None
    sums = [sum(getattr(each, part) or 0 for each in known) for part in PARTS]
    sources = listed(sorted({each.source for each in known}))
    return "Patients: {:,} train, {:,} validate, {:,} test (known from: {}).".format(*sums, sources)


def flow(evidence: Evidence) -> Answer | None:
    """Say how many files became how many slices, groups and test slices."""
    known = [each for each in evidence.hospitals if each.files_found is not None and each.total is not None]
    if not known:
        return None
    found, held = sum(each.files_found or 0 for each in known), sum(each.total or 0 for each in known)
    parts = [each.used for each in known]
    used = sum(each for each in parts if each is not None) if None not in parts else None
    groups = [each.group_count for each in known if each.group_count is not None]
    taken = f"; {used:,} of them used" if used not in (None, held) else ""
    grouped = f" in {sum(groups):,} groups of related slices" if len(groups) == len(known) else ""
    return answer(
        [
            f"{found:,} files found, {held:,} usable slices{grouped}{taken}.",
            _sizes(evidence),
            patients_sentence(evidence),
        ],
        STATS,
        META,
    )


def characteristics(evidence: Evidence) -> Answer | None:
    """Give each part's slices by class."""
    lines = [f"{name}: {_by_class(part, evidence)}." for part, name in PARTS.items() if _by_class(part, evidence)]
    alone = exclusive_classes({each.name: each.class_counts for each in evidence.hospitals})
    held = f"Held by one hospital alone: {'; '.join(f'{label} ({name})' for label, name in alone)}." if alone else None
    return answer([*lines, held if lines else None], STATS)


def _by_class(part: str, evidence: Evidence) -> str:
    bodies: Sequence[dict[str, int]] = [
        each.split_counts[part] for each in evidence.hospitals if part in each.split_counts
    ]
    return ", ".join(f"{label} {sum(body.get(label, 0) for body in bodies):,}" for label in CLASSES) if bodies else ""


def predictors(evidence: Evidence) -> Answer | None:
    """Say that the pixels are all the model sees."""
    side = count(evidence.meta.get("image_size")) or count(evidence.part("data").get("image_size"))
    said = "The predictor is one MRI slice, {0} x {0} pixels; no clinical variable enters the model."
    return answer([says(said, side)], META, CONFIG)


def sharing(evidence: Evidence) -> Answer | None:
    """Say what left the hospitals."""
    if not evidence.hospitals:
        return None
    if evidence.run.pooled:
        return answer([evidence.run.notice], STATS)
    said = "Slices stayed at their hospitals; counts, sums and weights left them. The run's folder holds indices only."
    return answer([said, *privacy.promise(evidence)], STATS, SPLITS, LEDGER)
