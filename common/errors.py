"""How the product says no: one sentence, a stable code, an exit code, never a traceback."""

from dataclasses import dataclass


class ProjectError(Exception):
    """Something a person can act on: a stable code such as ``"DATA001"``, and a sentence that says what to do."""

    exit_code: int = 1

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class InputError(ProjectError):
    """The configuration or the data is wrong; nothing was started (exit code 2)."""

    exit_code = 2


class RunError(ProjectError):
    """The run was started and could not be completed (exit code 1)."""

    exit_code = 1


class Interrupted(ProjectError):
    """The run was stopped by a person and can be resumed (exit code 130)."""

    exit_code = 130


@dataclass(frozen=True)
class Problem:
    """Something that a file lacks: never an error, for the rest of the file is read."""

    file: str
    """Its name, for example ``"training_history.json"``."""
    sentence: str
    """What is the matter, and what that means for what is shown."""
