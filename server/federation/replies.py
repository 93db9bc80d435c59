"""Take a hospital's message apart: plain records of the kinds and sizes that they may be of, or an error instead.

Nothing in a message is believed, for it may come from anybody: not what it says that it answers, not the kind of a
record, not the size that an array announces. What is inside the records is read in ``common/protocol``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.common.constant import ErrorCode, SType
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from common.model.weights import AnyArray
from common.protocol import names
from common.protocol.codec import from_npy
from common.protocol.messages import Record, Records

UNDECODABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError, DecodeError)
"""What a message that is none makes Flower's own reading of it raise."""

_KINDS: Mapping[str, type] = {names.ARRAYS: ArrayRecord, names.METRICS: MetricRecord}  # all others: ConfigRecord
_MOST_RECORDS, _LONGEST_NAME = 16, 100
_LONGEST_REASON = 4_000
_ROOM = 1_000_000  # bytes of arrays beside twice what was sent: names and shapes


@dataclass(frozen=True)
class Reply:
    """What came back: records, or an error that stands in their place."""

    records: Records = field(default_factory=dict)
    error: str | None = None
    lost: bool = False  # Flower answers in place of a node that it has lost


def reply_of(message: Message, asked: Records) -> Reply:
    """Take an answer apart.

    Parameters
    ----------
    asked : dict
        The records that were sent; an answer may hold twice as much.
    """
    try:
        if message.has_error():
            reason, lost = message.error.reason, message.error.code == ErrorCode.NODE_UNAVAILABLE
            return Reply(error=reason[:_LONGEST_REASON] if isinstance(reason, str) else "", lost=bool(lost))
        return Reply(_records(message, asked))
    except Exception as error:  # an array's heading is read by NumPy, which raises nearly every built-in type
        return Reply(error=f"its answer cannot be read ({type(error).__name__})")


def _records(message: Message, asked: Records) -> Records:
    content = message.content
    if len(content) > _MOST_RECORDS or any(not isinstance(name, str) or len(name) > _LONGEST_NAME for name in content):
        raise ValueError("no answer has so many records")
    for name, record in content.items():
        if not isinstance(record, _KINDS.get(name, ConfigRecord)):
            raise TypeError("a record of another kind")
    room = 2 * _size(asked.get(names.ARRAYS, {})) + _ROOM
    return {name: _decoded(record, room) for name, record in content.items()}


def _size(arrays: Record) -> int:
    return sum(array.nbytes for array in arrays.values())


def _decoded(record: ArrayRecord | MetricRecord | ConfigRecord, room: int) -> Record:
    if not isinstance(record, ArrayRecord):
        return dict(record)
    if sum(len(array.data) for array in record.values()) > room:
        raise ValueError("more than twice what was sent")
    return {name: _array(array) for name, array in record.items()}


def _array(array: Array) -> AnyArray:
    """Decode an array in place."""
    if array.stype != SType.NUMPY:
        raise TypeError("no array of NumPy's")
    return from_npy(array.data)
