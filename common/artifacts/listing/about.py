"""What people say of a run: a name, tags, notes, a star, archived; in a file beside what the run recorded.

No run writes or reads it, no ledger and no dossier knows it: it can change while a run goes on and after it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from common.artifacts.layout import ABOUT
from common.artifacts.values import Notes, mapping, read_json, text, texts
from common.errors import RunError
from common.files import json_file, replace, why
from common.text import printable

NAME_LENGTH = 80
TAG_LENGTH = 30
NOTES_LENGTH = 4000
MOST_TAGS = 12


@dataclass(frozen=True)
class About:
    """What people say of a run; bounded, on one line each but the notes, whatever the file holds."""

    name: str = ""
    """Takes the place of the name that follows from the settings; empty for that one."""
    tags: tuple[str, ...] = ()
    notes: str = ""
    star: bool = False
    """The baseline of comparisons."""
    archived: bool = False
    """Left out of lists unless asked for."""


NOTHING_SAID = About()


def about_of(
    name: str = "", tags: Iterable[str] = (), notes: str = "", *, star: bool = False, archived: bool = False
) -> About:
    """Return what is said within its bounds: cut, without line breaks, each tag once."""
    lines = [printable(line) for line in notes[: 4 * NOTES_LENGTH].splitlines()]
    kept = dict.fromkeys(tag for each in tags if (tag := _line(each.replace(",", " "), TAG_LENGTH)))
    return About(
        _line(name, NAME_LENGTH), tuple(kept)[:MOST_TAGS], "\n".join(lines).strip()[:NOTES_LENGTH], star, archived
    )


def read_about(folder: Path) -> About:
    """Read what is said of the run in a folder; nothing where the file is missing or holds something else."""
    body = mapping(read_json(folder / ABOUT, Notes(ABOUT)))
    return about_of(
        text(body.get("name")) or "",
        texts(body.get("tags")),
        text(body.get("notes")) or "",
        star=body.get("star") is True,
        archived=body.get("archived") is True,
    )


def write_about(folder: Path, said: About) -> None:
    """Replace what is said of the run in a folder, in one step.

    Raises
    ------
    RunError
        ``ABOUT001`` it cannot be written, for example since the run has been deleted.
    """
    kept = about_of(said.name, said.tags, said.notes, star=said.star, archived=said.archived)
    try:
        replace(folder / ABOUT, json_file(asdict(kept)))
    except OSError as error:
        raise RunError("ABOUT001", f"{folder.name}/{ABOUT} cannot be written ({why(error)}).") from None


def _line(text: str, most: int) -> str:
    return printable(" ".join(text[: 4 * most].split()))[:most].strip()
