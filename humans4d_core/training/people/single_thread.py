"""One thread a process, where processes share the cores."""

import cv2
from threadpoolctl import threadpool_limits


def one_thread() -> None:
    """Of BLAS and OpenCV, from now on."""
    threadpool_limits(1)
    cv2.setNumThreads(1)
