"""The device that a user asked for, if it is there."""

from __future__ import annotations

import torch

from ...errors import Humans4dError


def available_device(device: str | torch.device | None) -> torch.device:
    """The CPU or a GPU; None: a GPU where there is one.

    Raises Humans4dError for what is no device, not supported or absent: a robot that was promised
    its GPU should not crawl along on the CPU.
    """
    has_gpu = torch.cuda.is_available()
    if device is None:
        return torch.device("cuda" if has_gpu else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError:
        raise Humans4dError(f"{device} is not a device: take cpu, cuda or cuda:1") from None
    if found.type not in ("cpu", "cuda"):
        raise Humans4dError(f"device {device} is not supported: take cpu, cuda or cuda:1")
    if found.type == "cuda":
        if not has_gpu:
            raise Humans4dError(
                f"device {device} was asked for, but this PyTorch finds no GPU: check the driver "
                "and that torch is a CUDA build, or take --device cpu"
            )
        count = torch.cuda.device_count()
        if (found.index or 0) >= count:
            raise Humans4dError(f"device {device} was asked for, but there are {count} GPUs")
    return found
