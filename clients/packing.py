"""The hospital's end of `common.protocol.codec`: a Flower mod around the ClientApp."""

from __future__ import annotations

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message
from flwr.clientapp.typing import ClientAppCallable

from common.protocol import names
from common.protocol.codec import pack, unpack


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
    for record in names.PACKABLE:
        if names.PACKED + record in content:
            block = content.pop(names.PACKED + record)[names.BLOCK].numpy()
            arrays = unpack(block, str(content.pop(names.MANIFEST + record)[names.TENSORS]))
            content[record] = ArrayRecord({name: Array(array) for name, array in arrays.items()})
    reply = call_next(message, context)
    if reply.has_content() and names.ARRAYS in reply.content:
        block, manifest = pack({name: array.numpy() for name, array in reply.content.pop(names.ARRAYS).items()})
        reply.content[names.PACKED + names.ARRAYS] = ArrayRecord({names.BLOCK: Array(block)})
        reply.content[names.MANIFEST + names.ARRAYS] = ConfigRecord({names.TENSORS: manifest})
    return reply
