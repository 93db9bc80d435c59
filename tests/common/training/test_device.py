import os

import pytest
import torch

from common.errors import InputError
from common.training import device as module
from common.training.device import autocast, available_cores, computes_bfloat16, pick_device, uses_bfloat16


@pytest.mark.parametrize(
    ("present", "choice", "expected"),
    [(True, "auto", "cuda"), (False, "auto", "cpu"), (True, "cpu", "cpu"), (True, "cuda", "cuda")],
)
def test_the_device_is_cuda_where_it_is_there_and_wanted(monkeypatch, present, choice, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: present)
    assert pick_device(choice).type == expected


def test_cuda_that_is_not_there_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"DEV001.*use auto or cpu"):
        pick_device("cuda")


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {1, 5, 6}, raising=False)
    assert available_cores() == 3
    monkeypatch.delattr(module.os, "sched_getaffinity")
    assert available_cores() == (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("precision", "native", "dtype"),
    [
        ("auto", False, torch.float32),
        ("auto", True, torch.bfloat16),
        ("float32", True, torch.float32),
        ("mixed", False, torch.bfloat16),
    ],
)
def test_a_cpu_computes_in_bfloat16_where_it_can_or_is_told_to(monkeypatch, precision, native, dtype):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    with autocast(torch.device("cpu"), precision):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


def test_a_pytorch_that_cannot_tell_trains_in_float32(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not computes_bfloat16(torch.device("cpu"))


@pytest.mark.parametrize(("capability", "mixed"), [((9, 0), True), ((8, 0), True), ((7, 5), False)])
def test_auto_is_mixed_only_where_the_gpu_computes_bfloat16_itself(monkeypatch, capability, mixed):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert uses_bfloat16(torch.device("cuda"), "auto") is mixed
