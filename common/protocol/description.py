"""What a hospital says of itself when a run starts: counts, audit findings and its split. No image, no file name."""

from typing import Annotated, Literal, TypedDict

import msgspec
from msgspec import Meta

from common.labels import CLASSES

Text = Annotated[str, Meta(max_length=2_000)]
Count = Annotated[int, Meta(ge=0, le=10**9)]
Indices = Annotated[list[Count], Meta(max_length=10**7)]


class FindingNumbers(TypedDict):
    """A finding of the audit without the files it is about."""

    code: Text
    severity: Literal["error", "warning", "info"]
    title: Text
    sentence: Text
    count: Count


class Numbers(TypedDict):
    """The audit's counts: a hospital's part of ``dataset_stats.json``."""

    total_samples: Count
    class_distribution: dict[Text, Count]
    unmatched_folders: list[Text]
    files_found: Count
    unusable_files: Count
    missing_classes: list[Text]
    synthetic: bool
    group_count: Count
    audit: list[FindingNumbers]


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hospital's answer to "describe yourself"."""

    key: Text
    name: Text
    dataset_id: Text
    specialty: Text
    location: Annotated[list[float], Meta(min_length=2, max_length=2)]  # latitude and longitude, degrees
    numbers: Numbers
    split_counts: dict[Literal["train", "val", "test"], dict[Text, Count]]  # class to slices
    groups_across_splits: Count  # of duplicates or one patient's neighbours, on more than one side of the split
    files_sha256: Text  # of the list of relative paths
    file_count: Count  # files that the indices count through, sorted by path
    train_idx: Indices
    val_idx: Indices
    test_idx: Indices
    device: Text = "cpu"
    precision: Text = "float32"  # or "bfloat16": in which training multiplies

    @property
    def train_samples(self) -> int:
        """Training slices."""
        return len(self.train_idx)

    @property
    def synthetic(self) -> bool:
        """Whether the hospital's slices are drawn by a program."""
        return bool(self.numbers.get("synthetic"))

    def to_json(self) -> str:
        """Return one line of JSON."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_json(text: str) -> "Description":
        """Read a description that may come from anybody.

        Raises
        ------
        ValueError
            With a clause that says what cannot be.
        """
        said = msgspec.json.decode(text, type=Description)
        if problem := _problem(said):
            raise ValueError(problem)
        return said


def _problem(said: Description) -> str | None:
    together = [*said.train_idx, *said.val_idx, *said.test_idx]
    if len(set(together)) < len(together) or any(index >= said.file_count for index in together):
        return "its split counts a slice twice, or one that it does not have"
    held = said.numbers["class_distribution"]
    if any(label not in CLASSES for counts in (held, *said.split_counts.values()) for label in counts):
        return "it counts a class that is none of the four"
    if sum(held.values()) != said.numbers["total_samples"]:
        return "its classes do not add up to its slices"
    return None
