"""The hospital's end of `common.packing`: a Flower mod around the ClientApp."""

from __future__ import annotations

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message
from flwr.clientapp.typing import ClientAppCallable

from common import wire
from common.packing import pack, unpack


def packing_mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
    """Unpack the model that comes, pack the one that goes.

    Parameters
    ----------
    message, context, call_next
        As Flower gives them to a mod.

    Returns
    -------
    Message
        The answer.
    """
    content = message.content
    for record in wire.PACKABLE:
        if wire.PACKED + record in content:
            block = content.pop(wire.PACKED + record)[wire.BLOCK].numpy()
            arrays = unpack(block, str(content.pop(wire.MANIFEST + record)[wire.TENSORS]))
            content[record] = ArrayRecord({name: Array(array) for name, array in arrays.items()})
    reply = call_next(message, context)
    if reply.has_content() and wire.ARRAYS in reply.content:
        block, manifest = pack({name: array.numpy() for name, array in reply.content.pop(wire.ARRAYS).items()})
        reply.content[wire.PACKED + wire.ARRAYS] = ArrayRecord({wire.BLOCK: Array(block)})
        reply.content[wire.MANIFEST + wire.ARRAYS] = ConfigRecord({wire.TENSORS: manifest})
    return reply
