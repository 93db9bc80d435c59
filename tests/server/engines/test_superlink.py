"""Between machines every record of tensors travels as one block, and is what it was on arrival."""

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict

from clients.packing import packing_mod
from common.model.weights import Arrays
from common.protocol import names
from server.engines.superlink import PackingGrid
from tests.support.hospitals import ScriptedGrid, start_arrays

CONTROL = {"fc.weight": np.array([0.25, -0.5], np.float32)}
CONTEXT = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})


def record(arrays: Arrays) -> ArrayRecord:
    return ArrayRecord({name: Array(array) for name, array in arrays.items()})


def arrays_of(found: ArrayRecord) -> Arrays:
    return {name: array.numpy() for name, array in found.items()}


def same(one: Arrays, other: Arrays) -> bool:
    return list(one) == list(other) and all(
        np.array_equal(one[name], other[name]) and one[name].dtype == other[name].dtype for name in one
    )


def test_model_and_control_variates_go_there_and_a_model_comes_back():
    inner = ScriptedGrid()
    grid = PackingGrid(inner)
    model, control = record(start_arrays()), record(CONTROL)
    messages = [
        Message(
            RecordDict({names.ARRAYS: model, names.CONTROL: control, names.CONFIG: ConfigRecord({"a": node})}),
            dst_node_id=node,
            message_type=MessageType.TRAIN,
        )
        for node in (1, 2)
    ]
    grid.push_messages(messages)
    for sent in inner.pushed:
        assert not {names.ARRAYS, names.CONTROL} & set(sent.content)
        assert {len(block) for block in sent.content.array_records.values()} == {1}, "one block each"
    blocks = [inner.pushed[index].content[names.PACKED + names.CONTROL] for index in (0, 1)]
    assert blocks[0] is blocks[1], "packed once for all hospitals"

    def answer(message: Message, context: Context) -> Message:
        assert same(arrays_of(message.content[names.ARRAYS]), start_arrays())
        assert same(arrays_of(message.content[names.CONTROL]), CONTROL)
        assert message.content[names.CONFIG]["a"] == 1
        return Message(RecordDict({names.ARRAYS: message.content[names.ARRAYS]}), reply_to=message)

    inner.ready["1"] = packing_mod(inner.pushed[0], CONTEXT, answer)
    assert names.ARRAYS not in inner.ready["1"].content
    (reply,) = grid.pull_messages(["1"])
    assert same(arrays_of(reply.content[names.ARRAYS]), start_arrays())


def test_a_new_model_is_packed_anew():
    inner = ScriptedGrid()
    grid = PackingGrid(inner)
    for weight in (1.0, 2.0):
        content = RecordDict({names.ARRAYS: record({"w": np.array([weight])})})
        grid.push_messages([Message(content, dst_node_id=1, message_type=MessageType.TRAIN)])
    blocks = [sent.content[names.PACKED + names.ARRAYS][names.BLOCK].numpy().view(np.float64) for sent in inner.pushed]
    assert [float(block[0]) for block in blocks] == [1.0, 2.0]
