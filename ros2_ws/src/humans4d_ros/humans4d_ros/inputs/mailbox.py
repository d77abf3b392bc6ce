"""One slot between the executor and the worker: the newest image wins, older ones are dropped."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Thread-safe; `put` never waits."""

    def __init__(self):
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Offer an item; True if it pushed out one that nobody had taken."""
        with self._changed:
            dropped = self._item is not None
            self._item = None if self._closed else item
            self._changed.notify()
        return dropped

    @property
    def is_closed(self) -> bool:
        return self._closed

    def take(self, timeout: float | None = None) -> Item | None:
        """Wait for the newest item; None once the mailbox is closed, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None, timeout)
            item, self._item = self._item, None
        return item

    def close(self) -> None:
        """Wake the one who waits, and drop what nobody took."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()
