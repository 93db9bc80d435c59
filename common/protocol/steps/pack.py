"""An update travels as one block of bytes (see `common.protocol.codec`)."""

from common.model.weights import Arrays
from common.protocol.codec import pack, unpack
from common.protocol.postprocess import Step, UnusableAnswer, UpdateContext


class Pack(Step):
    """Last in the chain: what it makes is no model any more."""

    name = "pack"
    position = 100

    def at_hospital(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Join the tensors."""
        return pack(update)

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Take them apart."""
        try:
            return unpack(update)
        except (ValueError, TypeError):
            raise UnusableAnswer("the answer holds no model") from None
