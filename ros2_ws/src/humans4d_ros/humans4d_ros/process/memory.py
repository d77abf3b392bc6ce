"""Memory that is free goes back to the system."""

from __future__ import annotations

import ctypes
import gc


def give_back_memory() -> None:
    """Collect what nobody holds, and have the C library return its free pages.

    It keeps those of each thread's arena otherwise: a node that is configured and cleaned up again
    and again, with a new worker each time, would grow.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
