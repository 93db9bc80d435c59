"""What was asked of a node that went away: asked again when it is back, given up with its name when it stays away."""

import itertools
import threading
from types import SimpleNamespace

import pytest
from flwr.app import Error, Message, MessageType, RecordDict
from flwr.common.constant import ErrorCode
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

from server.federation import exchange as module
from server.federation.exchange import Exchange, Node, Reply, Request

TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 1


class Line(Grid):
    """A SuperLink with one node; `act` says what happens at the n-th look at an answer."""

    def __init__(self, act):
        self.act = act
        self.sent = {}
        self.looks = 0
        self.node = Node(7, "a", "monday")
        self.there = True

    def who(self, grid):
        return [self.node] if self.there else []

    def push_messages(self, messages):
        numbers = []
        for message in messages:
            number = f"m{len(self.sent)}"
            message.metadata.__dict__["_message_id"] = number
            self.sent[number] = message
            numbers.append(number)
        return numbers

    def pull_messages(self, message_ids):
        self.looks += 1
        (number,) = message_ids
        answer = self.act(self, number)
        return [answer] if answer else []

    def set_run(self, run): ...

    @property
    def run(self): ...

    def create_message(self, *arguments, **rest): ...

    def get_node_ids(self):
        return [7]

    def send_and_receive(self, messages, *, timeout=None): ...


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "_RECONNECT_SECONDS", 0.0)
    monkeypatch.setattr(module, "_REMOTE_POLL_SECONDS", 0.001)
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.05)


def ask(line):
    exchange = Exchange(line, threading.Event(), find_nodes=line.who)
    ((request, reply),) = exchange.ask([Request("a", 7, MessageType.TRAIN, {"c": {"n": 1}})], 30.0)
    assert request.hospital == "a"
    return reply


def answer(line, number):
    return Message(RecordDict({}), reply_to=line.sent[number])


def gone(line, number):
    error = Error(ErrorCode.NODE_UNAVAILABLE, "Node Unavailable")
    return Message(error, reply_to=line.sent[number])


def test_a_node_that_restarted_is_asked_again():
    def act(line, number):
        if line.looks == 2:
            line.node = Node(7, "a", "tuesday")
        return answer(line, number) if number == "m1" else None

    line = Line(act)
    assert ask(line) == Reply({})
    assert list(line.sent) == ["m0", "m1"]
    assert dict(line.sent["m1"].content["c"]) == {"n": 1}


def test_a_node_that_was_away_is_asked_again():
    def act(line, number):
        if number == "m0":
            line.node = Node(7, "a", "tuesday")
            return gone(line, number)
        return answer(line, number)

    assert ask(Line(act)) == Reply({})


def test_a_node_that_stays_away_is_given_up_with_flowers_reason():
    def act(line, number):
        line.there = False
        return gone(line, number)

    reply = ask(Line(act))
    assert reply.lost
    assert "Node Unavailable" in reply.error


def test_a_node_that_restarts_again_and_again_is_given_up():
    def act(line, number):
        line.node = Node(7, "a", f"day {line.looks}")

    line = Line(act)
    reply = ask(line)
    assert "again and again" in reply.error
    assert len(line.sent) == 3


def test_a_node_is_given_up_whatever_the_clock_says_between_two_looks(monkeypatch):
    seconds = itertools.count()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))

    def act(line, number):
        line.there = False
        return gone(line, number)

    for grace in range(8):  # each is over at another look at the clock
        monkeypatch.setattr(module, "_GRACE_SECONDS", float(grace))
        assert ask(Line(act)).lost
