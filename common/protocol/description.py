"""What a hospital says of itself when a run starts: counts, audit findings and its split. No image, no file name."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta

from common.data.identity.patients import Source
from common.labels import CLASSES
from common.protocol.answers import MOST_FILES, Count
from common.text import plain

MOST_CHARACTERS = 16_000_000
"""Of a description as JSON; a million indices take half of it."""
FEWEST_TRAINING = 2
"""Training slices, below which there is nothing to train on."""

_LONGEST = 2_000

Text = Annotated[str, Meta(max_length=_LONGEST)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
ByClass = Annotated[dict[Text, Count], Meta(max_length=len(CLASSES))]
FileIndices = Annotated[list[Annotated[int, Meta(ge=0, lt=MOST_FILES)]], Meta(max_length=MOST_FILES)]
Degrees = Annotated[float, Meta(ge=-180, le=180)]


class FindingNumbers(TypedDict):
    """A finding of the audit without the files it is about."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]{1,20}[0-9]{1,4}\Z")]
    severity: Literal["error", "warning", "info"]
    title: Text
    sentence: Text
    count: Annotated[int, Meta(ge=0, le=10**12)]  # of files, or of pairs of them


class Numbers(TypedDict):
    """The audit's counts: a hospital's part of ``dataset_stats.json``."""

    total_samples: Count
    class_distribution: ByClass
    unmatched_folders: Annotated[list[Text], Meta(max_length=10_000)]
    files_found: Count
    unusable_files: Count
    missing_classes: Annotated[list[Text], Meta(max_length=len(CLASSES))]
    synthetic: bool
    group_count: Count
    audit: Annotated[list[FindingNumbers], Meta(max_length=100)]


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hospital's answer to "describe yourself"."""

    key: Name
    name: Name
    dataset_id: Text
    specialty: Text
    location: Annotated[list[Degrees], Meta(min_length=2, max_length=2)]  # latitude and longitude, degrees
    numbers: Numbers
    split_counts: dict[Literal["train", "val", "test"], ByClass]  # class to slices
    groups_across_splits: Count  # of duplicates or one patient's neighbours, on more than one side of the split
    files_sha256: Name  # of the list of relative paths
    file_count: Count  # files that the indices count through, sorted by path
    train_idx: FileIndices
    val_idx: FileIndices
    test_idx: FileIndices
    device: Annotated[str, Meta(pattern=r"^[a-z]{1,10}(:[0-9]{1,4})?\Z")] = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"  # in which training multiplies
    # patients behind each part of the split; empty where an earlier version recorded the run
    patient_counts: dict[Literal["train", "val", "test"], Count] = msgspec.field(default_factory=dict)
    patient_source: Source = "guessed"  # the least sure of what told whose slices they are
    gap_count: Count | None = None  # usable slices in no part, beside a fold that is tested; None without folds

    @property
    def train_samples(self) -> int:
        """Training slices."""
        return len(self.train_idx)

    @property
    def untested(self) -> list[str]:
        """Classes that train and are not in the test, for want of groups."""
        return [
            label
            for label, train, test in zip(CLASSES, self.held("train"), self.held("test"), strict=True)
            if train and not test
        ]

    @property
    def synthetic(self) -> bool:
        """Whether the hospital's slices are drawn by a program."""
        return bool(self.numbers.get("synthetic"))

    def held(self, split: str) -> list[int]:
        """Return the slices of each class, in label order, of ``"train"``, ``"val"`` or ``"test"``."""
        counts: Mapping[str, int] = self.split_counts.get(split, {})  # type: ignore[call-overload]
        return [counts.get(label, 0) for label in CLASSES]

    def to_json(self) -> str:
        """Return one line of JSON."""
        return msgspec.json.encode(self).decode()

    @property
    def patients(self) -> dict[str, Any] | None:
        """How many patients stand behind each part, and what says so, as files record it; None where it is unknown."""
        if not self.patient_counts:
            return None
        return {str(part): count for part, count in self.patient_counts.items()} | {"source": self.patient_source}

    @staticmethod
    def from_json(text: str, trains: bool = True) -> "Description":
        """Read a description that may come from anybody; its texts can be shown anywhere.

        Parameters
        ----------
        trains : bool
            Whether the hospital is to train; without, it needs slices to test alone.

        Raises
        ------
        ValueError
            With a clause that says what cannot be.
        """
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"it is longer than {MOST_CHARACTERS:,} characters")
        try:
            said = msgspec.json.decode(text, type=Description)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        own = _fact_problem(said) or _split_problem(said, trains)
        if problem := own or _count_problem(said) or _patient_problem(said):
            raise ValueError(problem)
        return _plain(said)

    def differs(self, before: "Description") -> bool:
        """Tell whether a hospital's slices, their split or what was found of them are others than before.

        The machine that it works on and the wording of its findings may change.
        """
        recorded = bool(before.patient_counts)
        return _facts(self, recorded) != _facts(before, recorded)


def _facts(said: Description, with_patients: bool) -> Description:
    findings = [{**each, "title": "", "sentence": ""} for each in said.numbers["audit"]]
    numbers: Any = {**said.numbers, "audit": findings}
    known: Any = {} if with_patients else {"patient_counts": {}, "patient_source": "guessed"}
    return msgspec.structs.replace(said, numbers=numbers, device="cpu", precision="float32", **known)


def _plain(said: Description) -> Description:
    """Make every text that is shown plain; key and name are shown only where they are those that the centre knows."""
    numbers: Any = {
        **said.numbers,
        "unmatched_folders": [plain(name, _LONGEST) for name in said.numbers["unmatched_folders"]],
        "audit": [
            {**each, "title": plain(each["title"], _LONGEST), "sentence": plain(each["sentence"], _LONGEST)}
            for each in said.numbers["audit"]
        ],
    }
    dataset_id, specialty = plain(said.dataset_id, _LONGEST), plain(said.specialty, _LONGEST)
    return msgspec.structs.replace(said, numbers=numbers, dataset_id=dataset_id, specialty=specialty)


def _fact_problem(said: Description) -> str | None:
    if plain(said.files_sha256) != said.files_sha256:
        return "its files_sha256 is no hash"
    if not -90 <= said.location[0] <= 90:
        return "its location is no place on earth"
    return None


def _split_problem(said: Description, trains: bool) -> str | None:
    together = [*said.train_idx, *said.val_idx, *said.test_idx]
    if len(set(together)) < len(together) or any(index >= said.file_count for index in together):
        return "its split counts a slice twice, or one that it does not have"
    if any(label not in CLASSES for label in _labels(said)):
        return "it counts a class that is none of the four"
    parts = {"train": said.train_idx, "val": said.val_idx, "test": said.test_idx}
    if any(sum(said.held(part)) != len(indices) for part, indices in parts.items()):
        return "the classes of its split do not add up to its slices"
    if not trains:
        return None if said.test_idx else "it has no slices to evaluate the model on"
    if len(said.train_idx) < FEWEST_TRAINING:
        return f"it has {len(said.train_idx)} training slices; training needs at least {FEWEST_TRAINING}"
    return None


def _labels(said: Description) -> list[str]:
    counted = [said.numbers["class_distribution"], *said.split_counts.values()]
    return [*said.numbers["missing_classes"], *(label for counts in counted for label in counts)]


def _count_problem(said: Description) -> str | None:
    numbers = said.numbers
    held, total = numbers["class_distribution"], numbers["total_samples"]
    if sum(held.values()) != total:
        return "its classes do not add up to its slices"
    split = zip(CLASSES, said.held("train"), said.held("val"), said.held("test"), strict=True)
    if any(sum(counts) > held.get(label, 0) for label, *counts in split):
        return "its split holds more slices of a class than it has"
    if sum(sum(counts.values()) for counts in said.split_counts.values()) + (said.gap_count or 0) > total:
        return "its split and its gap hold more slices than it has"
    if total > said.file_count or numbers["group_count"] > total or said.groups_across_splits > numbers["group_count"]:
        return "it has more slices than files, or more groups than slices"
    return None


def _patient_problem(said: Description) -> str | None:
    parts = {"train": said.train_idx, "val": said.val_idx, "test": said.test_idx}
    counts: Mapping[str, int] = said.patient_counts  # type: ignore[assignment]
    if counts and set(counts) != set(parts):
        return "it counts the patients of some parts of its split only"
    if any(not bool(parts[part]) <= counts[part] <= len(parts[part]) for part in counts):
        return "it has more patients than slices, or slices of nobody"
    return None
