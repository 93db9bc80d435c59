"""Which hospital stands behind a node: on separate machines the one whose key the node proved to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flwr.serverapp import Grid


@dataclass(frozen=True)
class Node:
    """A SuperNode that is connected.

    Attributes
    ----------
    number : int
        Flower's number; it changes when a key is registered anew.
    hospital : str
        The hospital's key as registered with the node's public key; empty where nothing is registered (simulation,
        insecure mode): then a hospital is what it says of itself.
    since : str
        When it last connected, ISO 8601; what was sent to it before is lost.
    """

    number: int
    hospital: str = ""
    since: str = ""


Who = Callable[[Grid], list[Node]]


def unknown_nodes(grid: Grid) -> list[Node]:
    """Return the connected nodes without names, as a simulation has them."""
    return [Node(number) for number in sorted(grid.get_node_ids())]


def registered_names(grid: Grid) -> list[Node]:
    """Return the connected nodes with the names under which their keys are registered.

    Flower checks each request's signature against the registered key (``NodeAuthMiddleware``), so that this name is
    what the node proved and not what it says.
    """
    nodes = grid.get_nodes()
    found = [Node(int(node.node_id), str(node.name), str(node.last_activated_at)) for node in nodes]
    return sorted(found, key=lambda node: node.number)
