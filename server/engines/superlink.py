"""Hospitals on machines of their own: Flower's SuperLink carries the messages, and knows whose key a node holds."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from flwr.app import Error, Message
from flwr.app.message import Array, make_message
from flwr.common.constant import ErrorCode
from flwr.common.serde_utils import metadata_from_proto
from flwr.proto.message_pb2 import ConfirmMessageReceivedRequest, ObjectTree
from flwr.proto.runtime_pb2 import PullAppMessagesRequest
from flwr.serverapp import Grid
from flwr.supercore.inflatable.inflatable_object import (
    get_object_body,
    get_object_children_ids_from_object_content,
    get_object_type_from_object_content,
    iterate_object_tree,
)
from flwr.supercore.inflatable.inflatable_protobuf_utils import make_pull_object_fn_protobuf
from flwr.supercore.inflatable.inflatable_utils import ObjectPullError, inflate_object_from_contents, pull_objects

from server.federation.exchange import Node
from server.federation.replies import UNDECODABLE

_MOST_BYTES = 512_000_000  # of one answer: a model, or the fingerprints of some 100,000 slices


def registered_nodes(grid: Grid) -> list[Node]:
    """Return the connected nodes with the names under which their keys are registered.

    Flower checks each request's signature against the registered key (``NodeAuthMiddleware``), so that this name is
    what the node proved and not what it says.
    """
    found = [Node(int(node.node_id), str(node.name), str(node.last_activated_at)) for node in grid.get_nodes()]
    return sorted(found, key=lambda node: node.number)


def guarded(grid: Grid) -> Grid:
    """Make Flower's grid survive what a hospital may put into a message, and return it.

    Flower's own ``pull_messages`` raises whatever the decoding of a message raises, which would end everybody's run;
    takes from the message's inside which message it answers; hands out messages that answer none; and multiplies a
    chunk of an array as often as the array says.
    """
    grid.pull_messages = partial(_pull_messages, grid)
    return grid


def _pull_messages(grid: Grid, message_ids: Iterable[str]) -> list[Message]:
    """Return the answers to these messages, an error for one that cannot be read."""
    wanted = set(message_ids)
    client, run_id = grid._runtime_client, grid.run.run_id
    response = client.PullMessages(PullAppMessagesRequest(message_ids=wanted))
    pull = make_pull_object_fn_protobuf(client.PullObject, grid.node, run_id)
    found = []
    for said, tree in zip(response.messages_list, response.message_object_trees, strict=True):
        number = said.metadata.message_id
        if said.metadata.reply_to_message_id not in wanted:  # nobody was asked
            continue
        metadata = metadata_from_proto(said.metadata)  # the SuperLink has checked it
        try:
            contents = _contents(tree, pull)
            client.ConfirmMessageReceived(
                ConfirmMessageReceivedRequest(node=grid.node, run_id=run_id, message_object_id=number)
            )
            answer = inflate_object_from_contents(number, contents)
            answer.__dict__["_metadata"] = metadata
            found.append(answer)
        except (ObjectPullError, *UNDECODABLE) as error:
            reason = f"its answer cannot be read ({type(error).__name__})"
            found.append(make_message(metadata, error=Error(ErrorCode.MESSAGE_UNAVAILABLE, reason)))
    return found


def _contents(tree: ObjectTree, pull: Callable[[str], bytes]) -> dict[str, bytes]:
    """Fetch a message's objects, as many bytes as one answer may hold, and no array that announces more."""
    fetched = 0

    def bounded(number: str) -> bytes:
        nonlocal fetched
        content = pull(number)
        fetched += len(content)
        if fetched > _MOST_BYTES:
            raise ValueError("more than one answer may hold")
        return content

    contents = pull_objects([each.object_id for each in iterate_object_tree(tree)], bounded)
    if sum(_announced(content, contents) for content in contents.values()) > _MOST_BYTES:
        raise ValueError("more than one answer may hold")
    return contents


def _announced(content: bytes, contents: Mapping[str, bytes]) -> int:
    """Return how many bytes an array is to be put together of; 0 for anything else."""
    if get_object_type_from_object_content(content) != Array.__qualname__:
        return 0
    chunks = [len(contents[number]) for number in get_object_children_ids_from_object_content(content)]
    return sum(chunks[index] for index in json.loads(get_object_body(content, Array))["arraychunk_ids"])
