"""Clips of an evaluation on a Ray cluster, whose machines see the same folders."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence

from ..config import PipelineConfig
from ..errors import Humans4dError
from ..evaluation.results.evaluation_folder import Clip, EvaluationFolder
from ..shown_text import shown
from .clip_runner import ClipOptions, attempt

#: s until nobody is at an address; Ray itself would try for minutes.
PATIENCE = 5.0
#: Times that a clip is begun anew where the machine or process that had it went away.
RETRIES = 2


def run_on_ray(
    clips: Sequence[Clip],
    folder: EvaluationFolder,
    config: PipelineConfig,
    options: ClipOptions,
    address: str,
    tell: Callable[[str, str], None],
) -> dict[str, str]:
    """As clip_runner.run_clips, one clip a processor of the cluster at `address`.

    address: as ray.init takes it; "local" begins a cluster on this machine. Raises Humans4dError
    where Ray is not installed or the cluster cannot be reached.
    """
    try:
        import ray
    except ImportError as error:
        raise Humans4dError(
            f"Ray cannot be imported ({error}): pip install '.[ray]' in the checkout"
        ) from None
    _check_reachable(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray has many, and each means that there is no cluster
        raise Humans4dError(
            f"there is no Ray cluster at {shown(address)}: {shown(error, 200)}"
        ) from None
    failures: dict[str, str] = {}
    try:
        remote = ray.remote(max_retries=RETRIES)(attempt)
        waiting = {remote.remote(clip, folder, config, options): clip.name for clip in clips}
        while waiting:
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            name = waiting.pop(done)
            try:
                problem = str(ray.get(done))
            except ray.exceptions.RayError as error:
                problem = f"its worker died: {shown(error, 200)}"
            if problem:
                failures[name] = problem
            tell(name, problem or "done")
    finally:
        ray.shutdown()
    return failures


def _check_reachable(address: str) -> None:
    """Raise Humans4dError where nobody listens at HOST:PORT; other addresses are Ray's to check."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        return
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except OSError as error:
        raise Humans4dError(
            f"there is no Ray cluster at {shown(address)}: {error.strerror or error}"
        ) from None
