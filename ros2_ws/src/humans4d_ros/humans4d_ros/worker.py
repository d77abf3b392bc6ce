"""The one thread that owns the models: the executor never waits for it."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Generic

from .diagnostics.log_limit import LogLimit
from .inputs.mailbox import Item, Mailbox
from .inputs.refusals import LOG_PERIOD

#: Seconds without an item after which the worker looks whether anything else is to be done.
IDLE_SECONDS = 0.1


class Worker(Generic[Item]):
    """Hands each item of its mailbox to `process`; what that raises goes to `on_error`.

    What `on_error` itself raises is written to stderr, at most every few seconds. `on_idle` is
    called, in the same thread, as long as nothing comes.
    """

    def __init__(
        self,
        process: Callable[[Item], None],
        on_error: Callable[[Exception], None],
        on_idle: Callable[[], None] | None = None,
    ):
        self._process = process
        self._on_error = on_error
        self._on_idle = on_idle
        self._mailbox: Mailbox[Item] = Mailbox()
        self._last_resort = LogLimit(LOG_PERIOD)
        self._thread = threading.Thread(target=self._run, name="humans4d_worker", daemon=True)
        self._thread.start()

    def offer(self, item: Item) -> bool:
        """Give the worker something to do next; True if an older item was dropped for it."""
        return self._mailbox.put(item)

    def stop(self) -> None:
        """Finish the item at hand, drop the one that waits, end the thread."""
        self._mailbox.close()
        self._thread.join()

    def _run(self) -> None:
        timeout = None if self._on_idle is None else IDLE_SECONDS
        while True:
            item = self._mailbox.take(timeout)
            if item is None and self._mailbox.is_closed:
                return
            try:
                if item is None:
                    self._on_idle()
                else:
                    self._process(item)
            except Exception as error:  # one bad image must not end the node
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        try:
            self._on_error(error)
        except Exception as another:  # the log or a format; the next image may go well
            if self._last_resort.is_due(type(another)):
                traceback.print_exception(type(another), another, another.__traceback__)
