"""A run waits for a person's yes: the process that answers on one side, a terminal on the other."""

import os
import pty
import threading
import time

import pytest

from clients import join
from clients.policy.consent import Questions, require_yes
from clients.policy.diary import Diary
from clients.policy.refusal import PolicyRefusal
from common.config.hydra import load_hospital
from common.errors import InputError
from common.protocol.names import NOT_YET
from server.centre.onboarding_kit import site_yaml


class Terminal:
    """A pseudo-terminal with a person at it, and `clients.join` looking twice a second."""

    def __init__(self, home) -> None:
        self.person, inner = pty.openpty()
        self.inner = os.fdopen(inner, "r")
        self.said: list[str] = []
        self.questions = Questions(home, self.said.append, self.inner)

    def types(self, words: str) -> None:
        os.write(self.person, words.encode())
        time.sleep(0.05)

    def close(self) -> None:
        self.inner.close()
        os.close(self.person)


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path)
    yield made
    made.close()


@pytest.fixture
def diary(tmp_path):
    made = Diary(tmp_path, "here")
    for run in (1, 2):
        made.pin(run, "plan", "")
    return made


def code(tmp_path, run, diary, seconds=0.0):
    try:
        require_yes(tmp_path, run, f"ResNet18, run {run}", seconds, diary)
    except PolicyRefusal as refusal:
        return refusal.code
    return "yes"


def test_as_long_as_nobody_answers_it_is_not_yet_and_only_the_first_message_waits(tmp_path, diary):
    started = time.monotonic()
    assert code(tmp_path, 1, diary, seconds=0.6) == NOT_YET
    assert time.monotonic() - started >= 0.6
    started = time.monotonic()
    assert code(tmp_path, 1, diary, seconds=60) == NOT_YET
    assert time.monotonic() - started < 5


def test_a_yes_lets_the_waiting_message_pass_and_holds_for_the_run_alone(tmp_path, diary, terminal):
    found = []
    waiting = threading.Thread(target=lambda: found.append(code(tmp_path, 1, diary, seconds=20)))
    waiting.start()
    while not terminal.said:
        terminal.questions.look()
        time.sleep(0.05)
    assert terminal.said == ["The centre asks for a run: ResNet18, run 1.", "Take part? Type yes or no, and Enter:"]
    terminal.types("perhaps\n")
    terminal.questions.look()
    assert terminal.said[-1] == "Please type yes or no, and Enter:"
    terminal.types("YES\n")
    terminal.questions.look()
    waiting.join(20)
    assert found == ["yes"]
    assert code(tmp_path, 1, diary) == "yes", "whoever asks again in this run"
    assert code(tmp_path, 2, diary) == NOT_YET


def test_a_no_stays_a_no(tmp_path, diary, terminal):
    assert code(tmp_path, 1, diary) == NOT_YET
    terminal.questions.look()
    terminal.types("n\n")
    terminal.questions.look()
    assert [code(tmp_path, 1, diary), code(tmp_path, 1, diary)] == ["POLICY007", "POLICY007"]
    assert not list((tmp_path / "questions").iterdir())


def test_what_was_typed_before_the_question_is_no_answer(tmp_path, diary, terminal):
    terminal.types("yes\n")
    assert code(tmp_path, 1, diary) == NOT_YET
    terminal.questions.look()
    terminal.questions.look()
    assert code(tmp_path, 1, diary) == NOT_YET


def test_a_hundred_runs_do_not_leave_a_hundred_questions(tmp_path, diary):
    for run in range(100):
        diary.pin(run, "plan", "")
        assert code(tmp_path, run, diary) == NOT_YET
    assert len(list((tmp_path / "questions").iterdir())) == 20


def test_a_question_cannot_write_on_the_screen_but_words(tmp_path, terminal):
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "3.ask").write_text("x\x1b[2J\nyes")
    (tmp_path / "questions" / "..ask").write_text("no question")
    terminal.questions.look()
    assert terminal.said[0] == "The centre asks for a run: x\\x1b[2J\\nyes."


def test_without_a_terminal_ask_is_refused_in_one_sentence(tmp_path, capsys):
    path = tmp_path / "hospital.yaml"
    path.write_text(site_yaml(load_hospital("aiims_delhi"), "centre.example.org:8443"))
    assert join.main(["--config", str(path), "--ask", "--skip-preflight"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error JOIN006: ")
    assert error.count("\n") == 1
    with pytest.raises(InputError):
        Questions(tmp_path, print, path.open())


def test_help_names_it(capsys):
    with pytest.raises(SystemExit):
        join.main(["--help"])
    assert "--ask" in capsys.readouterr().out
