"""Hospitals on machines of their own: Flower's SuperLink carries the messages, and knows whose key a node holds."""

from flwr.serverapp import Grid

from server.federation.exchange import Node


def registered_nodes(grid: Grid) -> list[Node]:
    """Return the connected nodes with the names under which their keys are registered.

    Flower checks each request's signature against the registered key (``NodeAuthMiddleware``), so that this name is
    what the node proved and not what it says.
    """
    found = [Node(int(node.node_id), str(node.name), str(node.last_activated_at)) for node in grid.get_nodes()]
    return sorted(found, key=lambda node: node.number)
