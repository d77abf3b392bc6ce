"""An executor that outlives what a callback raises.

rclpy raises it where the executor spins, which ends the node: one message of a stranger is enough,
such as a parameter of a type that does not exist, or a negative time on /clock.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path

from rclpy import executors
from rclpy.executors import ShutdownException, SingleThreadedExecutor, TimeoutException

from humans4d_core.shown_text import shown

from ..diagnostics.log_limit import LogLimit
from ..inputs.refusals import LOG_PERIOD

#: Seconds of rest after an error that comes back by itself; it doubles from the first to the last.
SHORTEST_REST, LONGEST_REST = 0.001, 0.5
#: Errors of the waiting itself, one after the other, after which the executor gives up: about a
#: minute's. A process that starts anew may help then, and nothing else does.
LIMIT = 120

#: Takes what failed, such as "subscription /clock", and why.
OnError = Callable[[str, Exception], None]


class GuardedExecutor(SingleThreadedExecutor):
    """Tells `on_error` what a callback raised, and goes on. All ways to spin are guarded.

    What `on_error` itself raises ends the spinning.
    """

    def __init__(self, on_error: OnError, **arguments):
        super().__init__(**arguments)
        self._on_error = on_error
        self._rest = SHORTEST_REST
        self._failures = 0

    def wait_for_ready_callbacks(self, *args, **kwargs):
        """As rclpy has it; all its ways to spin get their work here, in every distribution."""
        try:
            task, entity, node = super().wait_for_ready_callbacks(*args, **kwargs)
        except Exception as error:
            if type(error).__module__ == executors.__name__:  # the end, or a time-out: no failures
                raise
            if self._is_shutdown:  # what it waited with was taken away meanwhile
                raise ShutdownException() from None
            self._failures += 1
            if self._failures > LIMIT:
                raise
            self._on_error("waiting for messages", error)
            self._take_a_rest()
            raise TimeoutException() from None
        self._failures = 0
        return _GuardedTask(task, lambda error: self._failed(entity, error)), entity, node

    def _failed(self, entity, error: Exception) -> None:
        if not _was_not_taken(entity):
            self._rest = SHORTEST_REST
        else:
            # The message may still be there, and fail again at once.
            _let_it_wait_again(entity)
            self._take_a_rest()
        self._on_error(_name_of(entity), error)

    def _take_a_rest(self) -> None:
        time.sleep(self._rest)
        self._rest = min(2 * self._rest, LONGEST_REST)


class CallbackLog:
    """An `on_error` that logs each kind of failure at once, then every few seconds."""

    def __init__(self, logger):
        self._logger = logger
        self._limit = LogLimit(LOG_PERIOD)

    def __call__(self, where: str, error: Exception) -> None:
        if self._limit.is_due((where, type(error))):
            self._logger.error(f"{describe(where, error)}; the node goes on")


def describe(where: str, error: Exception) -> str:
    """What failed, why, and in which line of code."""
    calls = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(calls[-1].filename).name}:{calls[-1].lineno})" if calls else ""
    return f"{where} failed: {type(error).__name__}: {shown(error)}{place}"


class _GuardedTask:
    """Stands where rclpy's task stands, and has no exceptions."""

    def __init__(self, task, failed: Callable[[Exception], None]):
        self._task = task
        self._failed = failed

    def __call__(self) -> None:
        self._task()
        if self._task.done() and (error := self._task.exception()) is not None:
            self._failed(error)

    def exception(self) -> None:
        return None

    def result(self) -> None:
        return None


def _was_not_taken(entity) -> bool:
    """Whether it broke down before its callback: rclpy then takes it for busy, for ever."""
    return getattr(entity, "_executor_event", False)


def _let_it_wait_again(entity) -> None:
    entity._executor_event = False
    if entity.callback_group is not None:
        entity.callback_group.ending_execution(entity)


def _name_of(entity) -> str:
    """What it is and, where it has one, its topic or service."""
    kind = "task" if entity is None else type(entity).__name__.lower()
    try:
        name = getattr(entity, "topic_name", None) or getattr(entity, "srv_name", None)
    except RuntimeError:  # destroyed meanwhile
        name = None
    return f"{kind} {name}" if name else kind
