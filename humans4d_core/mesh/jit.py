"""numba's compiler as the rendering kernels use it."""

from __future__ import annotations

from collections.abc import Callable

import numba


def jit(kernel: Callable) -> Callable:
    """Compile at the first call, free of the GIL, kept on disk where the machine lets us.

    The cache lies beside the source file or, where that is read-only, in the user's cache folder.
    With neither writable numba refuses to decorate at all: then the kernel compiles once a process.
    No fastmath: contracted multiply-adds would open cracks between neighbouring triangles, and
    NaN has to stay NaN.
    """
    try:
        return numba.njit(kernel, cache=True, nogil=True)
    except RuntimeError:
        return numba.njit(kernel, nogil=True)
