"""Both apps in this one process: no Ray, no sockets. For tests, for debugging and for one GPU.

It stands on three private names of Flower (a message's identifier, the task identity, the empty run); a contract test
tells when one of them moves.
"""

import itertools
from collections.abc import Iterable

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

_RUN_ID = 1
_CLIENT_APP_RAISED = 2


class InProcessGrid(Grid):
    """A grid whose nodes are calls of one ClientApp; a message is answered when its reply is pulled.

    Parameters
    ----------
    client_app : ClientApp
        Answers for every hospital.
    hospitals : int
        How many nodes there are.
    """

    def __init__(self, client_app: ClientApp, hospitals: int) -> None:
        self._client_app = client_app
        self._contexts = {index + 1: _context(index, hospitals) for index in range(hospitals)}
        self._pending: dict[str, Message] = {}
        self._numbers = itertools.count(1)

    def set_run(self, run: Run) -> None:
        """Do nothing: there is one run."""

    @property
    def run(self) -> Run:
        """The only run."""
        return Run.create_empty(run_id=_RUN_ID)

    def create_message(self, *args: object, **kwargs: object) -> Message:
        """Refuse: Flower deprecated it in favour of ``Message(...)``."""
        raise NotImplementedError("use Message(...)")

    def get_node_ids(self) -> Iterable[int]:
        """Return every node."""
        return list(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Accept messages; nothing is computed yet."""
        numbers = []
        for message in messages:
            number = str(next(self._numbers))
            message.metadata.__dict__["_message_id"] = number
            self._pending[number] = message
            numbers.append(number)
        return numbers

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Answer the first of the pending messages, so that the caller hears of each as it is done."""
        for number in message_ids:
            if number in self._pending:
                return [self._answer(self._pending.pop(number))]
        return []

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Answer all messages at once."""
        numbers = list(self.push_messages(messages))
        return [reply for number in numbers for reply in self.pull_messages([number])]

    def _answer(self, message: Message) -> Message:
        try:
            return self._client_app(message, self._contexts[message.metadata.dst_node_id])
        except Exception as error:  # what the other engines do with a ClientApp that raises
            return Message(Error(code=_CLIENT_APP_RAISED, reason=f"{type(error).__name__}: {error}"), reply_to=message)


def launch(server_app: ServerApp, client_app: ClientApp, hospitals: int) -> None:
    """Run the ServerApp in this thread; what it raises comes through.

    Parameters
    ----------
    server_app, client_app
        The same apps that every engine runs.
    hospitals : int
        How many there are.
    """
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, _RUN_ID, 1
    context = Context(run_id=_RUN_ID, node_id=0, node_config={}, state=RecordDict(), run_config={})
    server_app(grid=InProcessGrid(client_app, hospitals), context=context)


def _context(index: int, hospitals: int) -> Context:
    config: dict[str, bool | float | int | str] = {"partition-id": index, "num-partitions": hospitals}
    return Context(run_id=_RUN_ID, node_id=index + 1, node_config=config, state=RecordDict(), run_config={})
