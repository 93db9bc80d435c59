"""Within the cores, within the time, and to the right hospital."""

import threading

import pytest
from flwr.app import Error, Message, MessageType

from common.errors import Interrupted
from server.federation import exchange as module
from server.federation.exchange import SEPARATE_MACHINES, Exchange, Node, Place, Request
from tests.support.hospitals import ScriptedGrid

FOREVER = 1000.0


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.0)
    monkeypatch.setattr(module, "_REMOTE_POLL_SECONDS", 0.0)


@pytest.fixture
def grid():
    return ScriptedGrid()


def place_of(cores: int) -> Place:
    return Place(simulated=cores > 0, cores=cores)


def requests(*cores: int) -> list[Request]:
    return [Request(f"h{node}", node, MessageType.TRAIN, {}, own) for node, own in enumerate(cores, start=1)]


def under_way(grid: ScriptedGrid, cores: int, wanted: list[Request]) -> list[list[int]]:
    """Answer in order, one whenever nothing more is sent; return who was at work each time."""
    seen: list[list[int]] = []
    done: list[int] = []

    def answer_the_oldest() -> None:
        sent = [message.metadata.dst_node_id for message in grid.pushed]
        seen.append([node for node in sent if node not in done])
        done.append(seen[-1][0])
        grid.answer(sent.index(done[-1]))

    list(Exchange(grid, threading.Event(), place_of(cores), answer_the_oldest).ask(wanted, FOREVER))
    return seen


@pytest.mark.parametrize(
    ("cores", "needs", "expected"),
    [
        (2, [1, 1, 1], [[1, 2], [2, 3], [3]]),
        (2, [1, 1, 2], [[1, 2], [2], [3]]),
        (2, [2, 1, 1], [[1], [2, 3], [3]]),
        (2, [4, 1], [[1], [2]]),
        (4, [2, 2, 1], [[1, 2], [2, 3], [3]]),
        (0, [0, 0, 0], [[1, 2, 3], [2, 3], [3]]),
        (0, [8, 8, 8], [[1, 2, 3], [2, 3], [3]]),
    ],
    ids=["two at once", "wide one last", "wide one first", "wider than all", "a lane of two", "remote", "remote wide"],
)
def test_requests_share_the_cores(grid, cores, needs, expected):
    assert under_way(grid, cores, requests(*needs)) == expected


def test_answers_come_as_they_arrive_with_their_requests(grid):
    order = iter([2, 0, 1])

    def answer_next() -> None:
        grid.answer(next(order))

    wanted = requests(0, 0, 0)
    pairs = list(Exchange(grid, threading.Event(), on_wait=answer_next).ask(wanted, FOREVER))
    assert [request.hospital for request, _ in pairs] == ["h3", "h1", "h2"]
    assert all(reply.records == {"who": {"node": request.node}} for request, reply in pairs)


def test_an_answer_belongs_to_what_it_answers_even_if_its_sender_is_wrong(grid):
    """Flower reports a lost node's error as coming from node 1."""

    def lose_the_third() -> None:
        message = grid.pushed[2]
        lost = Message(Error(code=3, reason="Node Unavailable"), reply_to=message)
        lost.metadata.__dict__["_src_node_id"] = 1
        grid.ready[message.metadata.message_id] = lost
        grid.answer(0)
        grid.answer(1)

    pairs = list(Exchange(grid, threading.Event(), on_wait=lose_the_third).ask(requests(0, 0, 0), FOREVER))
    (lost,) = [(request, reply) for request, reply in pairs if reply.error]
    assert lost[1].error == "Node Unavailable"
    assert lost[0].hospital == "h3"


def test_after_the_deadline_the_missing_have_no_answer(grid):
    waited = []

    def answer_one() -> None:
        waited.append(None)
        if len(waited) == 1:
            grid.answer(1)

    pairs = list(Exchange(grid, threading.Event(), place_of(2), answer_one).ask(requests(1, 1, 2), 0.05))
    assert [(request.hospital, reply is None) for request, reply in pairs] == [
        ("h2", False),
        ("h1", True),
        ("h3", True),
    ]
    assert len(grid.pushed) == 2, "what did not fit into the cores in time is not sent at all"


def test_a_stop_ends_the_waiting(grid):
    stop = threading.Event()
    asking = Exchange(grid, stop, place_of(2), on_wait=stop.set).ask(requests(1), FOREVER)
    with pytest.raises(Interrupted):
        next(asking)
    with pytest.raises(Interrupted):
        Exchange(grid, stop).pause()


def test_who_stops_with_the_run_has_not_failed(grid):
    stop, heard = threading.Event(), []

    def refuse_because_of_the_stop() -> None:
        grid.answer(0)
        stop.set()

    ask = Exchange(grid, stop, on_wait=refuse_because_of_the_stop).ask(requests(0, 0), FOREVER)
    with pytest.raises(Interrupted):
        heard += list(ask)
    assert heard == []


def test_it_says_who_is_about_to_be_sent_a_task_and_nothing_of_questions(grid):
    asked = []
    exchange = Exchange(grid, threading.Event(), place_of(2))
    exchange.on_task = lambda hospital: asked.append((hospital, len(grid.pushed)))
    question = Request("h3", 3, f"{MessageType.QUERY}.fingerprints", {}, 1)
    waiting = iter([lambda: grid.answer(0), lambda: grid.answer(1), lambda: grid.answer(2)])
    exchange._on_wait = lambda: next(waiting)()
    list(exchange.ask([*requests(1, 1), question], FOREVER))
    assert asked == [("h1", 0), ("h2", 1)]


def test_a_node_that_connected_anew_is_asked_again(grid, monkeypatch):
    monkeypatch.setattr(module, "_RECONNECT_SECONDS", -1.0)
    since = ["first"]

    def restart_then_answer() -> None:
        since[0] = "later"
        if len(grid.pushed) > 1:
            grid.answer(1)

    asking = Exchange(
        grid, threading.Event(), SEPARATE_MACHINES, restart_then_answer, lambda _: [Node(1, "h1", since[0])]
    )
    ((request, reply),) = asking.ask(requests(0), FOREVER)
    assert request.hospital == "h1"
    assert reply is not None
    assert [message.metadata.dst_node_id for message in grid.pushed] == [1, 1]


def test_the_next_request_starts_before_the_answer_is_looked_at(grid):
    asking = Exchange(grid, threading.Event(), place_of(1), lambda: grid.answer(0)).ask(requests(1, 1), FOREVER)
    next(asking)
    assert [message.metadata.dst_node_id for message in grid.pushed] == [1, 2]


def test_nobody_to_ask_is_no_answer(grid):
    assert list(Exchange(grid, threading.Event()).ask([], FOREVER)) == []
