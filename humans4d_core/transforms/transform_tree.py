"""A small tf2: frames that hang in a tree, each with its recent past, looked up at a moment.

    odom ─▶ base_link ─▶ camera_link ─▶ camera_optical_frame
            moves         static         static

It does what tf2's buffer does: interpolation between two transforms, never extrapolation; static
transforms hold at any time; what is older than `CACHE_SECONDS` is forgotten. Unlike it, it says
whether waiting may help, forgets the frames of people who left, and has bounds on all that others
can make grow. So it is used where tf2_ros is installed, too.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..errors import TransformError
from ..shown_text import shown
from ..types import Pose
from .transform_bytes import Transform

#: tf2's default.
CACHE_SECONDS = 10.0
#: Seconds without news after which a frame that moved is taken from the tree: those of people who
#: left would otherwise stay in it for ever.
FORGET_SECONDS = 120.0
#: Seconds for which a frame's transforms must all be too old before they are believed: then the
#: newest one, from the future, was the wrong one, or the clock was set back.
RETURN_SECONDS = 0.5


#: Frames that are known at once; those that were neither published nor looked up for longest are
#: forgotten for new ones. A crowd of 100 with all joints has 2,500.
MOST_FRAMES = 10_000
#: Transforms that are remembered of all frames together, about 100 MB; above, the past of all gets
#: shorter.
MOST_SAMPLES = 300_000
#: Frames between one and the root of its tree; tf2's.
MOST_DEPTH = 1000
MOST_CHARACTERS = 255  #: of a frame's name

#: Plain floats: transforms come by the hundred, and are looked up by the few.
Numbers = tuple[float, ...]


@dataclass
class _Edge:
    """A frame's poses in its parent, by growing stamp; one without a stamp where it is static."""

    parent: str
    is_static: bool
    inserted_at: float = 0.0  #: s, by the tree's clock
    used_at: float = -math.inf  #: by a lookup
    stamps_ns: list[int] = field(default_factory=list)
    quaternions: list[Numbers] = field(default_factory=list)  #: x, y, z, w
    translations: list[Numbers] = field(default_factory=list)  #: m
    too_old_since: float | None = None  #: s; since when nothing else has come

    def insert(self, stamp_ns: int, quaternion: Numbers, translation: Numbers, now: float) -> bool:
        """False where the cache has moved on already; `now`: s, by the tree's clock."""
        newest = self.stamps_ns[-1] if self.stamps_ns else stamp_ns
        if stamp_ns < newest - CACHE_SECONDS * 1e9:
            if self.too_old_since is None:
                self.too_old_since = now
            if now - self.too_old_since < RETURN_SECONDS:
                return False
            self.stamps_ns, self.quaternions, self.translations = [], [], []
        self.too_old_since = None
        place = bisect_left(self.stamps_ns, stamp_ns)
        same = place < len(self.stamps_ns) and self.stamps_ns[place] == stamp_ns
        where = slice(place, place + same)
        self.stamps_ns[where] = [stamp_ns]
        self.quaternions[where] = [quaternion]
        self.translations[where] = [translation]
        old = bisect_left(self.stamps_ns, self.stamps_ns[-1] - int(CACHE_SECONDS * 1e9))
        del self.stamps_ns[:old], self.quaternions[:old], self.translations[:old]
        return True

    def shorten(self) -> None:
        """Forget the older half."""
        old = len(self.stamps_ns) // 2
        del self.stamps_ns[:old], self.quaternions[:old], self.translations[:old]

    def is_later_than(self, stamp_ns: int) -> bool:
        """Whether it knows nothing of that moment, and never will."""
        return not self.is_static and self.stamps_ns[0] > stamp_ns

    def at(self, stamp_ns: int, name: str) -> Pose:
        """The frame `name` in its parent; raises TransformError."""
        if self.is_static:
            return pose_of(self.quaternions[0], self.translations[0])
        stamps = self.stamps_ns
        place = bisect_left(stamps, stamp_ns)
        if place < len(stamps) and stamps[place] == stamp_ns:
            return pose_of(self.quaternions[place], self.translations[place])
        if place == 0 or place == len(stamps):
            is_past = place == 0
            gap = (stamps[0] - stamp_ns if is_past else stamp_ns - stamps[-1]) * 1e-9
            raise TransformError(
                f"the {'oldest' if is_past else 'newest'} transform from '{name}' to "
                f"'{self.parent}' is {gap:.3f} s {'later' if is_past else 'older'} than the image",
                may_still_come=not is_past,
            )
        before, after = place - 1, place
        share = (stamp_ns - stamps[before]) / (stamps[after] - stamps[before])
        ends = zip(self.translations[before], self.translations[after], strict=True)
        quaternion = _slerp(self.quaternions[before], self.quaternions[after], share)
        return pose_of(quaternion, tuple(start + share * (end - start) for start, end in ends))


class TransformTree:
    """Not thread-safe: see transform_listener.py."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        """clock: seconds."""
        self._edges: dict[str, _Edge] = {}  # those that were used longest ago first
        self._samples = 0
        self.forgotten = 0  #: frames, for want of room
        self._clock = clock
        self._forgot_at = clock()

    def insert(self, transform: Transform, is_static: bool) -> None:
        """Take a transform that was checked; raises TransformError where it comes too late."""
        child, parent = transform.child, transform.parent
        if max(len(child), len(parent)) > MOST_CHARACTERS:
            raise TransformError(
                f"the name of a frame has {max(len(child), len(parent))} characters, more than "
                f"{MOST_CHARACTERS}: {shown(child, 60)} in {shown(parent, 60)}"
            )
        length = math.hypot(*transform.quaternion)
        quaternion = tuple(number / length for number in transform.quaternion)
        edge = self._edges.pop(child, None)
        if edge is None or edge.parent != parent or edge.is_static != is_static:
            # A frame that is hung elsewhere begins a new past.
            self._samples -= len(edge.stamps_ns) if edge else 0
            edge = _Edge(parent, is_static)
            self._make_room()
        self._edges[child] = edge
        edge.inserted_at = now = self._clock()
        if is_static:
            edge.quaternions, edge.translations = [quaternion], [transform.translation]
            return
        before = len(edge.stamps_ns)
        if not edge.insert(transform.stamp_ns, quaternion, transform.translation, now):
            raise TransformError(
                f"transform from '{child}' to '{parent}' is more than {CACHE_SECONDS:g} s older "
                "than the newest: is a clock wrong?"
            )
        self._samples += len(edge.stamps_ns) - before
        if self._samples > MOST_SAMPLES:
            self._shorten()
        if now - self._forgot_at > 1.0:
            self._forgot_at = now
            self._forget(now - FORGET_SECONDS)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Pose:
        """The frame `source` in the frame `target` at a moment; raises TransformError."""
        if target == source:
            return Pose(np.eye(3), np.zeros(3))
        up_source, up_target = self._ancestors(source), self._ancestors(target)
        places = {frame: place for place, frame in enumerate(up_target)}
        common = next((place for place, frame in enumerate(up_source) if frame in places), None)
        if common is None:
            raise TransformError(self._why_apart(source, up_source, target, up_target))
        up_target = up_target[: places[up_source[common]]]
        up_source = up_source[:common]
        now = self._clock()
        for frame in (*up_source, *up_target):
            edge = self._edges[frame]
            edge.used_at = now
            if edge.is_later_than(stamp_ns):  # however long one waits for the others
                edge.at(stamp_ns, frame)
        return self._climb(up_target, stamp_ns).inverse() @ self._climb(up_source, stamp_ns)

    def clear(self) -> None:
        """Forget all but the static transforms: time has jumped."""
        self._edges = {child: edge for child, edge in self._edges.items() if edge.is_static}
        self._count_samples()

    def __len__(self) -> int:
        """Frames that hang somewhere."""
        return len(self._edges)

    def _ancestors(self, frame: str) -> list[str]:
        """A frame, its parent, and so on to the root."""
        chain = {frame: None}  # in their order
        while (edge := self._edges.get(frame)) is not None:
            frame = edge.parent
            if frame in chain:
                circle = " -> ".join([*chain, frame])
                raise TransformError(f"frames hang in a circle: {shown(circle, 300)}", False)
            chain[frame] = None
            if len(chain) > MOST_DEPTH + 1:
                raise TransformError(
                    f"'{next(iter(chain))}' hangs under more than {MOST_DEPTH} frames", False
                )
        return list(chain)

    def _climb(self, frames: list[str], stamp_ns: int) -> Pose:
        """The first of `frames` in the parent of the last."""
        pose = Pose(np.eye(3), np.zeros(3))
        for frame in frames:
            pose = self._edges[frame].at(stamp_ns, frame) @ pose
        return pose

    def _why_apart(self, source, up_source, target, up_target) -> str:
        known = set(self._edges) | {edge.parent for edge in self._edges.values()}
        if not known:
            return "no transforms have come yet"
        unknown = [f"'{frame}'" for frame in (target, source) if frame not in known]
        if unknown:
            return f"nobody publishes a transform of {' or '.join(unknown)}"
        return (
            f"'{source}' and '{target}' are not connected: they hang under '{up_source[-1]}' and "
            f"'{up_target[-1]}'"
        )

    def _forget(self, before: float) -> None:
        self._edges = {
            child: edge
            for child, edge in self._edges.items()
            if edge.is_static or edge.inserted_at >= before
        }
        self._count_samples()

    def _make_room(self) -> None:
        """For one more frame."""
        recently = self._clock() - FORGET_SECONDS
        while len(self._edges) >= MOST_FRAMES:
            child, edge = next(iter(self._edges.items()))
            del self._edges[child]
            if edge.used_at > recently:  # what we need is younger than all that is new
                self._edges[child] = edge
                continue
            self._samples -= len(edge.stamps_ns)
            self.forgotten += 1

    def _shorten(self) -> None:
        """Give each frame that remembers much a shorter past; a quarter or more is free then."""
        much = MOST_SAMPLES / len(self._edges) / 2
        for edge in self._edges.values():
            if len(edge.stamps_ns) > much:
                edge.shorten()
        self._count_samples()

    def _count_samples(self) -> None:
        self._samples = sum(len(edge.stamps_ns) for edge in self._edges.values())


def _slerp(start: Numbers, end: Numbers, share: float) -> Numbers:
    """Between unit quaternions, the shorter way round."""
    cosine = sum(a * b for a, b in zip(start, end, strict=True))
    if cosine < 0:
        end, cosine = tuple(-number for number in end), -cosine
    if cosine > 0.9999999:  # sin(angle) below would vanish
        weights = 1 - share, share
    else:
        angle = math.acos(min(cosine, 1.0))
        weights = math.sin((1 - share) * angle), math.sin(share * angle)
    mixed = [weights[0] * a + weights[1] * b for a, b in zip(start, end, strict=True)]
    length = math.hypot(*mixed)
    return tuple(number / length for number in mixed)


def pose_of(quaternion: Numbers, translation: Numbers) -> Pose:
    """From a unit quaternion x, y, z, w, and metres."""
    x, y, z, w = quaternion
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    return Pose(rotation, np.array(translation))
