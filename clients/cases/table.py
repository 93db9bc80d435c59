"""What a model made of each test slice at this hospital: a file on its own disk, read here and sent nowhere."""

import json
import re
from pathlib import Path

import msgspec

from common import files
from common.errors import InputError
from common.text import shown

FILE = "cases.json"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_MOST_BYTES = 1_000_000_000


class Case(msgspec.Struct, frozen=True):
    """One test slice."""

    file: str
    """Path below the hospital's folder."""
    frame: int | None
    """In a file of several slices, which one, from 0."""
    patient: int
    """A number in place of who it is, the same for all of a patient's slices in one table."""
    true: str
    predicted: str
    probabilities: tuple[float, ...]
    """In the order of the table's classes; calibrated where a temperature was fitted."""
    changed_ns: int
    """When the file was last changed, nanoseconds since 1970: another picture may lie there by now."""
    heat: tuple[tuple[float, ...], ...] | None = None
    """Grad-CAM of the predicted class, 0 to 1, on the network's coarse grid; of the worst cases alone."""

    @property
    def wrong(self) -> bool:
        """Whether the slice was taken for another class."""
        return self.true != self.predicted

    @property
    def confidence(self) -> float:
        """The probability of the predicted class."""
        return max(self.probabilities)


class CaseTable(msgspec.Struct, frozen=True):
    """The test slices of one run."""

    at: str
    """When the model was tested, ISO 8601."""
    hospital: str
    round: int
    seed: int
    image_size: int
    temperature: float
    synthetic: bool
    patient_source: str
    """What told the patients apart; "guessed" where nothing did."""
    classes: tuple[str, ...]
    cases: tuple[Case, ...]
    """Worst first."""


def goodness(case: Case) -> tuple[bool, float]:
    """Return what cases are sorted by: the most confidently wrong first, the most confidently right last."""
    return not case.wrong, -case.confidence if case.wrong else case.confidence


def encode_table(table: CaseTable) -> bytes:
    """Return the content of a table's file; a file's name that is no text stays what it is."""
    return json.dumps(msgspec.to_builtins(table), allow_nan=False, separators=(",", ":")).encode()


def read_table(path: Path) -> CaseTable:
    """Read a table.

    Raises
    ------
    InputError
        ``CASES002`` if it cannot be read.
    """
    try:
        return msgspec.convert(files.parse_json(files.read_bytes(path, _MOST_BYTES)), CaseTable)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            "CASES002", f"{path} cannot be read ({files.why(error)}); another run's is chosen with --run."
        ) from None


def tables_of(cache_dir: Path, hospital: str) -> dict[str, Path]:
    """Return a hospital's tables by the token of their run, the newest first."""
    found = [path for path in cache_dir.glob(f"runs/*/{hospital}/{FILE}") if _TOKEN.fullmatch(path.parts[-3])]
    newest_first = sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return {path.parts[-3]: path for path in newest_first}


def choose(tables: dict[str, Path], start: str, cache_dir: Path) -> Path:
    """Return the newest table, or that of the run whose token begins so.

    Raises
    ------
    InputError
        ``CASES001`` if there is none, or several begin so.
    """
    if not tables:
        raise InputError(
            "CASES001",
            f"No run's test cases are kept in {cache_dir / 'runs'}; set keep_cases: true in hospital.yaml "
            "(data.keep_cases=true in a simulation) before the next run.",
        )
    fitting = [token for token in tables if token.startswith(start)]
    if start and len(fitting) != 1:
        there = ", ".join(token[:8] for token in list(tables)[:10])
        what = "no run" if not fitting else "several runs"
        raise InputError("CASES001", f"--run {shown(start)} fits {what}; there are {there}.")
    return tables[fitting[0]]
