"""The in-process engine, and the private names of Flower on which it stands."""

import pytest
from flwr.app import Context, Message, MessageType, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

from server.engines.inprocess import InProcessGrid, launch


@pytest.fixture(autouse=True)
def _identity(monkeypatch):
    for name in ("_task_id", "_run_id", "_node_id"):
        monkeypatch.setattr(TaskIdentity, name, None)


def an_app(asked: list | None = None) -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        if asked is not None:
            asked.append(dict(context.node_config))
        if message.metadata.dst_node_id == 3:
            raise ValueError("out of luck")
        return Message(RecordDict({}), reply_to=message)

    return app


def messages(*nodes: int) -> list[Message]:
    return [Message(RecordDict({}), dst_node_id=node, message_type=MessageType.TRAIN) for node in nodes]


def test_flowers_private_names_are_where_they_are_expected():
    """If one of these fails after an upgrade of Flower, `server.engines.inprocess` has to change."""
    with pytest.raises(RuntimeError, match="not set"):
        messages(1)
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 4, 5, 6
    (message,) = messages(1)
    assert message.metadata.run_id == 5
    assert message.metadata.src_node_id == 6
    assert message.metadata.message_id == ""
    assert "_message_id" in message.metadata.__dict__
    message.metadata.__dict__["_message_id"] = "7"
    assert message.metadata.message_id == "7"
    reply = Message(RecordDict({}), reply_to=message)
    assert reply.metadata.reply_to_message_id == "7"
    assert reply.metadata.src_node_id == 1
    assert Run.create_empty(run_id=5).run_id == 5


def test_it_implements_all_that_flower_asks_of_a_grid():
    assert not InProcessGrid.__abstractmethods__
    grid = InProcessGrid(an_app(), 2)
    assert isinstance(grid, Grid)
    assert list(grid.get_node_ids()) == [1, 2]
    assert grid.run.run_id == 1


def test_every_hospital_has_its_own_context_as_in_flowers_simulation():
    asked: list = []
    seen: list = []

    def work(grid: Grid) -> None:
        seen.extend(grid.send_and_receive(messages(2, 1)))

    launch(server_app(work), an_app(asked), 3)
    assert asked == [{"partition-id": 1, "num-partitions": 3}, {"partition-id": 0, "num-partitions": 3}]
    assert [reply.metadata.src_node_id for reply in seen] == [2, 1]


def server_app(work) -> ServerApp:
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        work(grid)

    return app


def test_nothing_is_computed_before_its_answer_is_pulled():
    asked: list = []

    def work(grid: Grid) -> None:
        first, second = grid.push_messages(messages(1, 2))
        assert asked == []
        (reply,) = grid.pull_messages([first])
        assert reply.metadata.reply_to_message_id == first
        assert len(asked) == 1
        assert len(list(grid.pull_messages([first, second]))) == 1
        assert list(grid.pull_messages([first, second])) == []

    launch(server_app(work), an_app(asked), 2)
    assert len(asked) == 2


def test_a_client_app_that_raises_is_an_answer_with_an_error():
    def work(grid: Grid) -> None:
        good, bad = grid.send_and_receive(messages(1, 3))
        assert not good.has_error()
        assert bad.has_error()
        assert "ValueError: out of luck" in bad.error.reason

    launch(server_app(work), an_app(), 3)


def test_what_the_server_app_raises_comes_through():
    def work(grid: Grid) -> None:
        raise KeyError("the server's own")

    with pytest.raises(KeyError, match="the server's own"):
        launch(server_app(work), an_app(), 1)
