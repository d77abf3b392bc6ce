"""What the stamp of an image means for what was known before it.

    later than all before ─▶ IN_ORDER   time goes on
    a little earlier ──────▶ LATE       leave the image out; what is known stays
    much earlier ──────────▶ RESTART    another time (a bag that loops): begin anew

This is the one place that decides it. Stamps are whole nanoseconds.
"""

from __future__ import annotations

from enum import Enum

NANOSECONDS = 1_000_000_000

#: Seconds that time has to jump back by to begin anew.
RESTART_SECONDS = 1.0
#: Nanoseconds that such a jump may fall short: stamps are rounded.
TOLERANCE_NS = 1_000_000

#: Where arrivals are known, a stamp of another time is not believed while the known time goes on:
#: for so many of its images' periods, and seconds at least and at most.
PATIENCE_PERIODS = 3
PATIENCE_SECONDS = (0.5, 2.0)

#: A clock stands where so many images in a row have one stamp, over so many seconds. The same
#: image, delivered twice or shown again, is no clock that stands.
STANDING_IMAGES = 4
STANDING_SECONDS = 0.5


class StampMeaning(Enum):
    """What to do with an image."""

    IN_ORDER = "in order"
    LATE = "late"
    RESTART = "restart"


class StampOrder:
    """Judges the stamps of one camera's images in the order in which they come.

    Without arrivals (a file) every jump back of `restart_seconds` or more is a restart at once.
    With arrivals (seconds of a clock that never jumps) a jump either way of which the known time
    shows nothing may be one wrong stamp: it is LATE until no image of the known time has come for
    a while. So one wrong stamp ends nobody, and a new time is followed within half a second.

    A clock that was set back by less is waited for. Where it never catches up (a bag shorter than
    `restart_seconds` that loops), images that are late for longer than `restart_seconds` by their
    own stamps begin anew, too. Not thread-safe.
    """

    def __init__(self, restart_seconds: float = RESTART_SECONDS):
        self.restart_seconds = restart_seconds  #: may change at any time
        self.reset()

    def reset(self) -> None:
        """The next stamp is the first."""
        self.newest_ns: int | None = None  #: of all that were not LATE
        self.repeats = 0  #: images in a row with the stamp of the newest, beside it
        self._arrival: float | None = None  # of the newest
        self._period = 0.0  # s between the arrivals of the last two
        self._late_ns: int | None = None  # the last late stamp
        self._behind_ns = 0  # time that has gone by in late stamps, since the newest

    def note(self, stamp_ns: int, arrival: float | None = None) -> None:
        """Something else was said at a stamp later than the newest: what follows is later."""
        self.newest_ns, self._arrival = stamp_ns, arrival

    def meaning(self, stamp_ns: int, arrival: float | None = None) -> StampMeaning:
        """Of the next image, without remembering it; `arrival` in seconds."""
        if self.newest_ns is None:
            return StampMeaning.IN_ORDER
        step = stamp_ns - self.newest_ns
        restart = round(self.restart_seconds * NANOSECONDS) - TOLERANCE_NS
        if arrival is not None and self._arrival is not None:
            waited = max(arrival - self._arrival, 0.0)
            drift = step - waited * NANOSECONDS  # the same in all images of another time
            jumps_back = step < 0 and drift <= -restart
            if (jumps_back or drift > restart) and waited < self._patience:
                return StampMeaning.LATE
            if jumps_back:
                return StampMeaning.RESTART
        if step > 0:
            return StampMeaning.IN_ORDER
        behind_ns = self._behind_ns
        if self._late_ns is not None:
            behind_ns += max(stamp_ns - self._late_ns, 0)
        if step <= -restart or behind_ns > restart:
            return StampMeaning.RESTART
        return StampMeaning.LATE

    def take(self, stamp_ns: int, arrival: float | None = None) -> StampMeaning:
        """`meaning` of the next image, which is remembered."""
        meaning = self.meaning(stamp_ns, arrival)
        if meaning is StampMeaning.LATE:
            assert self.newest_ns is not None  # late: there was one before
            step = stamp_ns - self.newest_ns
            self.repeats = self.repeats + 1 if step == 0 else 0
            if -self.restart_seconds * NANOSECONDS < step <= 0:
                if self._late_ns is not None:
                    self._behind_ns += max(stamp_ns - self._late_ns, 0)
                self._late_ns = stamp_ns
            return meaning
        if arrival is not None and self._arrival is not None:
            self._period = max(arrival - self._arrival, 0.0)
        self.newest_ns, self._arrival = stamp_ns, arrival
        self.repeats, self._late_ns, self._behind_ns = 0, None, 0
        return meaning

    def take_late(self, stamp_ns: int) -> bool:
        """Whether the next image is LATE; it is then remembered, otherwise not yet."""
        is_late = self.meaning(stamp_ns) is StampMeaning.LATE
        if is_late:
            self.take(stamp_ns)
        return is_late

    @property
    def _patience(self) -> float:
        """Seconds without an image of the known time after which another time is believed."""
        shortest, longest = PATIENCE_SECONDS
        return min(max(PATIENCE_PERIODS * self._period, shortest), longest)


class ArrivalStamps:
    """The stamp that an image goes by: its own, or the time of its arrival where its own says
    nothing, being zero or the same again and again."""

    def __init__(self) -> None:
        self.in_use = False  #: whether the last image goes by its arrival
        self._own_ns: int | None = None
        self._since_ns = 0  # arrival of the first image with this stamp
        self._count = 0  # of images with it, one of which was used
        self._stands = False

    def stamp(self, stamp_ns: int, arrival_ns: int, is_used: bool = True) -> int:
        """Of the next image, nanoseconds; `arrival_ns` by the clock that stamps are of. is_used:
        whether an image with this stamp was of use; one that was not may be sent again."""
        if stamp_ns != self._own_ns:
            self._own_ns, self._since_ns, self._count, self._stands = stamp_ns, arrival_ns, 1, False
        elif is_used:
            self._count += 1
            seconds = (arrival_ns - self._since_ns) / NANOSECONDS
            self._stands |= self._count >= STANDING_IMAGES and seconds >= STANDING_SECONDS
        else:
            self._since_ns = arrival_ns
        self.in_use = stamp_ns == 0 or self._stands
        return arrival_ns if self.in_use else stamp_ns
