"""PRE007: the device that trains."""

from __future__ import annotations

import torch

from clients.checks.outcome import Check, Situation
from common.training.device import available_cores


def _look(situation: Situation) -> tuple[str, str]:
    wanted = situation.site.device
    if torch.cuda.is_available() and wanted != "cpu":
        free, total = torch.cuda.mem_get_info()
        return "ok", f"{torch.cuda.get_device_name()}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free."
    if wanted == "cuda":
        return "failed", "device: cuda is set, but PyTorch sees no GPU; install NVIDIA's driver, or set device: auto."
    return "ok", f"No GPU is used: {available_cores()} CPU cores train."


CHECK = Check("PRE007", "device", _look)
