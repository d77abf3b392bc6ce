"""Memory of the host that copies to and from a device go through."""

from __future__ import annotations

import torch


class HostBuffer:
    """Memory that is kept between frames. Pinned, the CPU need not wait for copies.

    Who copies from it without waiting calls `used` afterwards: it is not handed out again before
    the device has read it.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device):
        self._device = device
        self._pinned = device.type == "cuda"
        self._memory = torch.empty(0, dtype=dtype)
        self._read: torch.cuda.Event | None = None

    def of_size(self, size: int) -> torch.Tensor:
        """(size,) uninitialised; valid until the next call."""
        if self._read is not None:
            self._read.synchronize()
            self._read = None
        if len(self._memory) < size:
            self._memory = torch.empty(size, dtype=self._memory.dtype, pin_memory=self._pinned)
        return self._memory[:size]

    def used(self) -> None:
        """The device's current stream reads it from now on."""
        if self._pinned:
            self._read = torch.cuda.current_stream(self._device).record_event()
