"""One item of a reporting guideline, who can answer it, and what a run's files answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from common.dossier.evidence import Evidence

NOT_RECORDED = "Not recorded by this run."
PERSON = "A person must write this"


class Who(StrEnum):
    """Who can answer an item."""

    FILES = "files"
    BOTH = "files, and a person"
    PERSON = "a person"


@dataclass(frozen=True)
class Answer:
    """What a run's files say to an item."""

    text: str
    files: tuple[str, ...]
    """Names in the run's folder, or paths below the output folder."""


Answering = Callable[[Evidence], Answer | None]


@dataclass(frozen=True)
class Item:
    """One row of a checklist, in our words; the guideline's own text is the one that counts."""

    number: str
    section: str
    asks: str
    answer: Answering | None = None
    """Reads it off the files; None from it means that this run did not record it."""
    person: str = ""
    """What a person must write; empty where the files say it all."""

    @property
    def who(self) -> Who:
        """Who can answer it."""
        if self.answer is None:
            return Who.PERSON
        return Who.BOTH if self.person else Who.FILES


@dataclass(frozen=True)
class Checklist:
    """A reporting guideline."""

    key: str
    """Names its files."""
    title: str
    reference: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Row:
    """An item with its answer for one run."""

    item: Item
    answer: Answer | None
    files: tuple[tuple[str, str], ...] = field(default=())
    """Path below the output folder, and SHA-256."""

    @property
    def answered(self) -> bool:
        """Whether the files say something to it."""
        return self.answer is not None


@dataclass(frozen=True)
class Tally:
    """How many items of a checklist are answered."""

    answerable: int
    """Those to which a run's files can say something."""
    answered: int
    """Of those, the ones to which this run's files do."""
    person: int
    """Those that a person must write or complete."""
    total: int

    @property
    def sentence(self) -> str:
        """Say it."""
        return (
            f"Files can answer {self.answerable} of {self.total} items, and this run's answer {self.answered}; "
            f"{self.person} need a person, wholly or in part."
        )


def answer_all(checklist: Checklist, evidence: Evidence) -> list[Row]:
    """Answer each item from a run's files, as far as they go."""
    return [_row(item, evidence) for item in checklist.items]


def _row(item: Item, evidence: Evidence) -> Row:
    answer = item.answer(evidence) if item.answer else None
    paths = [evidence.path_of(name) for name in answer.files] if answer else []
    return Row(item, answer, tuple((path, evidence.sha256[path]) for path in paths if path))


def tally(rows: Sequence[Row]) -> Tally:
    """Count a checklist's rows."""
    answerable = [row for row in rows if row.item.answer]
    return Tally(
        answerable=len(answerable),
        answered=sum(row.answered for row in answerable),
        person=sum(row.item.who is not Who.FILES for row in rows),
        total=len(rows),
    )
