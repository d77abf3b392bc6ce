"""Which pictures of a video the decoder left out.

A decoder that cannot make a picture of its data says nothing and goes on with the next one. So
the file is read a second time without decoding: the times of its packets say which pictures there
should be.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable

import cv2

from .packet_sizes import SIZED_CODECS, picture_size

#: Pictures that may be stored before one that is shown earlier: the most of H.264 and HEVC is 16.
_MOST_REORDERED = 16
#: Two times (ms) are the same below this.
_SAME_MS = 0.01
#: Packets read ahead at most: where time begins anew in the middle, it says nothing.
_MOST_AHEAD = 1000
#: Damaged places in a row, until the rest of a file is given up.
_MOST_DAMAGED = 100


class PacketTimes:
    """Times of the packets of a video, read as far as they are asked for.

    open_packets: makes a capture that hands out packets instead of pictures. codec: as
    `picture_size` knows it; otherwise sizes are not known.
    """

    def __init__(self, open_packets: Callable[[], cv2.VideoCapture], codec: str = ""):
        self._capture = open_packets()
        self._is_open = self._capture.isOpened()
        self._times_ms: list[float] = []  # sorted
        self._passed_ms = -math.inf  # what is to be shown before it has been asked for
        self._codec = codec if codec in SIZED_CODECS else ""
        self._sizes: list[tuple[int, tuple[int, int]]] = []  # from which packet on, 0 = first
        self._count = 0  # packets read
        self._is_timed = True
        #: Of the picture that is shown first; NaN where times are not known.
        self.first_ms = self._first()

    @property
    def is_known(self) -> bool:
        """False where packets carry no times, or where they cannot be read."""
        return self._is_timed and bool(self._times_ms)

    def _first(self) -> float:
        self._read_beyond(-math.inf)
        if len(self._times_ms) > 1 and self._times_ms[0] == self._times_ms[-1]:
            # No times (raw streams), or an OpenCV that does not tell them (4.8).
            self._forget()
        # Those before 0 are only there for others to be decoded.
        shown = [t for t in self._times_ms if t >= -_SAME_MS]
        self._hidden = len(self._times_ms) - len(shown)
        return shown[0] if shown else math.nan

    def between(self, after_ms: float, before_ms: float) -> int:
        """How many pictures are to be shown between two times; times never go back."""
        self._read_beyond(before_ms)
        low = bisect.bisect_right(self._times_ms, after_ms + _SAME_MS)
        high = bisect.bisect_left(self._times_ms, before_ms - _SAME_MS)
        count = max(high - low, 0)
        # What is past is forgotten: memory stays flat.
        del self._times_ms[: bisect.bisect_left(self._times_ms, before_ms - _SAME_MS)]
        self._passed_ms = max(self._passed_ms, after_ms)
        return count

    def size_of(self, number: int) -> tuple[int, int] | None:
        """Width and height (px) that a picture (1 = first) is stored in; None: not known.

        Asked in order. A picture of another size begins a part of the film of its own: all that
        are stored before it are shown before it.
        """
        while self._codec and self._count < self._hidden + number:
            read_ms = self._next()
            if read_ms is None:
                break
            self._keep(read_ms)
        while len(self._sizes) > 1 and self._sizes[1][0] < self._hidden + number:
            del self._sizes[0]
        return self._sizes[0][1] if self._sizes else None

    def after(self, time_ms: float) -> int:
        """How many pictures come after a time, to the end of the file."""
        low = bisect.bisect_right(self._times_ms, time_ms + _SAME_MS)
        count = len(self._times_ms) - low
        while (read_ms := self._next()) is not None:
            count += read_ms > time_ms + _SAME_MS
        return count

    def close(self) -> None:
        self._capture.release()
        self._is_open = False

    def _read_beyond(self, time_ms: float) -> None:
        """Until no packet that is still to come can be shown before `time_ms`."""
        for _ in range(_MOST_AHEAD):
            if not self._is_timed:
                return
            later = len(self._times_ms) - bisect.bisect_right(self._times_ms, time_ms)
            if later > _MOST_REORDERED:
                return
            read_ms = self._next()
            if read_ms is None:
                return
            self._keep(read_ms)
        self._forget()

    def _keep(self, time_ms: float) -> None:
        if time_ms < self._passed_ms - _SAME_MS:
            self._forget()  # time begins anew: it says nothing any more
        elif self._is_timed:
            bisect.insort(self._times_ms, time_ms)

    def _forget(self) -> None:
        self._times_ms.clear()
        self._is_timed = False

    def _next(self) -> float | None:
        # A damaged place reads as the end, and the file goes on when asked again.
        for _ in range(_MOST_DAMAGED if self._is_open else 0):
            if self._capture.grab():
                time_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
                time_ms = time_ms if math.isfinite(time_ms) else 0.0
                self._note_size()
                self._count += 1
                return time_ms
        self._is_open = False
        return None

    def _note_size(self) -> None:
        if not self._codec or not self._capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME):
            return
        found, data = self._capture.retrieve()
        size = picture_size(self._codec, data.tobytes()) if found else None
        if size is not None and (not self._sizes or self._sizes[-1][1] != size):
            self._sizes.append((self._count, size))


class FrameNumbers:
    """Counts the pictures of a video, those that cannot be decoded too; 1 = first.

    Where the packets tell, by them. Otherwise, or where a packet is too damaged to be told from
    its neighbours, by what the decoder refused and, in a film of one rate, by the hole in time.
    """

    def __init__(
        self,
        packets: PacketTimes,
        period_ms: float,
        time_ms: float,
        failures: int,
        starts_whole: bool,
    ):
        """Of the first picture that can be decoded: its time, and what was refused before it.

        starts_whole: the first packets of the file are of pictures that can be decoded.
        """
        self._packets = packets
        self._period_ms = period_ms
        self._time_ms = time_ms
        self.start_ms = time_ms - failures * period_ms  #: of number 1
        if packets.is_known and starts_whole:
            self.start_ms = packets.first_ms
            failures = packets.between(self.start_ms - 1.0, time_ms)
        self.number = 1 + failures
        self.undecoded = failures  #: how many are missing so far
        self._untimed = 0
        self._is_steady = True  # pictures come at one rate, up to the first failure
        self._has_failed = failures > 0

    def advance(self, time_ms: float, failures: int) -> None:
        """To the next picture that can be decoded; failures: what was refused before it."""
        missing = failures
        elapsed_ms = time_ms - self._time_ms
        if elapsed_ms <= 0:
            self._untimed += 1
        else:
            if self._packets.is_known:
                missing = self._packets.between(self._time_ms, time_ms)
            periods = elapsed_ms / self._period_ms
            self._has_failed |= failures > 0 or missing > 0
            if not self._has_failed:
                self._is_steady &= abs(periods - 1) < 0.1 or abs(elapsed_ms - self._period_ms) < 2
            elif self._is_steady:
                missing = max(missing, round(periods) - 1)
            self._time_ms = time_ms
        self.number += 1 + missing
        self.undecoded += missing

    def finish(self) -> None:
        """At the end of the file: count what comes after the last picture."""
        if self._packets.is_known:
            missing = max(self._packets.after(self._time_ms) - self._untimed, 0)
            self.number += missing
            self.undecoded += missing
