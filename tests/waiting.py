"""Waiting for what happens in another thread or process."""

import time


def wait_for(what, seconds: float = 30.0) -> None:
    """Until `what()` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.02)
