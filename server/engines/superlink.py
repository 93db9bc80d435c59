"""The centre's end of `common.protocol.codec`: a grid around Flower's, between machines only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid
from flwr.supercore.run import Run

from common.protocol import names
from common.protocol.codec import pack, unpack


class PackingGrid(Grid):
    """Packs each model that goes, and unpacks each that comes.

    Parameters
    ----------
    grid : Grid
        Flower's own.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._last: dict[str, tuple[ArrayRecord, ArrayRecord, ConfigRecord]] = {}

    def set_run(self, run: Run) -> None:
        """Pass on."""
        self._grid.set_run(run)

    @property
    def run(self) -> Run:
        """Flower's run."""
        return self._grid.run

    def create_message(self, *args: Any, **kwargs: Any) -> Message:
        """Refuse: Flower deprecated it in favour of ``Message(...)``."""
        raise NotImplementedError("use Message(...)")

    def get_node_ids(self) -> Iterable[int]:
        """Return the connected nodes."""
        return self._grid.get_node_ids()

    def get_nodes(self) -> Iterable[Any]:
        """Return what Flower knows of the connected nodes."""
        return self._grid.get_nodes()

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Send messages, packed."""
        return self._grid.push_messages([self._packed(message) for message in messages])

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Return the answers that are there, unpacked."""
        replies = list(self._grid.pull_messages(message_ids))
        for reply in replies:
            _unpack(reply)
        return replies

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Refuse: messages go through `server.federation.exchange`."""
        raise NotImplementedError("use push_messages and pull_messages")

    def _packed(self, message: Message) -> Message:
        """Pack a copy; one model goes to several hospitals and is packed once."""
        present = [record for record in names.PACKABLE if record in message.content]
        if not present:
            return message
        content = RecordDict({name: record for name, record in message.content.items() if name not in present})
        for name in present:
            content[names.PACKED + name], content[names.MANIFEST + name] = self._block_of(name, message.content[name])
        metadata = message.metadata
        return Message(content, dst_node_id=metadata.dst_node_id, message_type=metadata.message_type)

    def _block_of(self, name: str, arrays: ArrayRecord) -> tuple[ArrayRecord, ConfigRecord]:
        if name not in self._last or self._last[name][0] is not arrays:
            block, manifest = pack({key: array.numpy() for key, array in arrays.items()})
            packed = ArrayRecord({names.BLOCK: Array(block)})
            self._last[name] = (arrays, packed, ConfigRecord({names.TENSORS: manifest}))
        return self._last[name][1:]


def _unpack(reply: Message) -> None:
    """Put the tensors where the server looks for them; what cannot be read is left out, and screening says so."""
    packed_name, manifest_name = names.PACKED + names.ARRAYS, names.MANIFEST + names.ARRAYS
    if not reply.has_content() or packed_name not in reply.content:
        return
    packed = reply.content.pop(packed_name)
    manifest = reply.content.pop(manifest_name) if manifest_name in reply.content else {}
    try:
        arrays = unpack(packed[names.BLOCK].numpy(), str(manifest[names.TENSORS]))
    except (KeyError, ValueError, TypeError):
        return
    reply.content[names.ARRAYS] = ArrayRecord({name: Array(array) for name, array in arrays.items()})
