"""What passed between server and hospitals that are on machines of their own, and a hospital that can be disturbed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flwr.app import Context, Message

from bench._separate import Answer, run
from common.artifacts.layout import RunFolder
from common.protocol import names

KEYS = ("phantom_jaipur", "phantom_hyderabad", "phantom_kolkata")


@dataclass(frozen=True)
class Passed:
    """One message and its answer."""

    kind: str  # "train", "evaluate"
    key: str
    round: int
    form: str  # "whole", "name", "difference", or "none" where the model has no name
    down: int  # bytes of arrays
    up: int
    refused: str  # a code, or nothing


Disturb = Callable[[str, str, int], None]  # before a message of a kind, at a hospital, of a round


class Line:
    """Notes what passes; `disturb` may do something to a hospital before its message is answered."""

    def __init__(self, disturb: Disturb = lambda kind, key, number: None) -> None:
        self.passed: list[Passed] = []
        self._disturb = disturb

    def watch(self, answer: Answer) -> Answer:
        def watched(message: Message, context: Context) -> Message:
            kind, key = message.metadata.message_type, KEYS[int(context.node_config["partition-id"])]
            config = message.content[names.CONFIG]
            number = int(config.get(names.ROUND, 0))
            self._disturb(kind, key, number)
            down, form = size(message), _form(message)
            reply = answer(message, context)
            refused = str(reply.content.get(names.REFUSAL, {}).get("code", "")) if reply.has_content() else "?"
            if number:
                self.passed.append(Passed(kind, key, number, form, down, size(reply), refused))
            return reply

        return watched

    def forms(self, kind: str, number: int, key: str = KEYS[0]) -> list[str]:
        """Return the forms in which a hospital was sent a round's model."""
        return [each.form for each in self.passed if (each.kind, each.round, each.key) == (kind, number, key)]


def size(message: Message) -> int:
    """Return the bytes of a message's tensors, without the list of their names."""
    if not message.has_content():
        return 0
    records = message.content.array_records.values()
    return sum(array.numpy().nbytes for record in records for name, array in record.items() if name != names.MANIFEST)


def _form(message: Message) -> str:
    config = message.content[names.CONFIG]
    if not config.get(names.MODEL):
        return "none"
    if config.get(names.BASE):
        return "difference"
    return "whole" if message.content.get(names.ARRAYS) else "name"


def overrides(phantoms: Path, output: Path, *more: str) -> list[str]:
    """The settings of a run of a few seconds."""
    first = [f"hospitals=[{','.join(KEYS)}]", f"data.root={phantoms}", "data.image_size=32", "rounds=3"]
    return [
        *first,
        "data.max_per_class=8",
        "train.lr=1e-3",
        "compute.threads=1",
        "data.cross_hospital_check=false",
        f"output_dir={output}",
        *more,
    ]


class Separate:
    """Runs on phantoms, each in an output folder of its own."""

    def __init__(self, phantoms: Path, place: Path) -> None:
        self._phantoms, self.place = phantoms, place

    @property
    def cache(self) -> Path:
        return self.place / "caches"

    def run(self, name: str, *more: str, line: Line | None = None, resume: str = "") -> RunFolder:
        """Run, or with the number of a run, go on with it."""
        settings = overrides(self._phantoms, self.place / name, *more)
        if resume:
            settings = [f"resume={resume}", f"output_dir={self.place / name}"]
        return run(settings, self.cache / name, (line or Line()).watch)


def models_of(folder: RunFolder | Path) -> dict[int, str]:
    """Return the digest of each round's model, of a run or of the only run in an output folder."""
    path = folder.ledger if isinstance(folder, RunFolder) else folder / "artifacts" / "run-001" / "ledger.jsonl"
    lines = [json.loads(line)["entry"] for line in path.read_text().splitlines()]
    return {line["round"]: line["model"] for line in lines if line["kind"] == "combined"}
