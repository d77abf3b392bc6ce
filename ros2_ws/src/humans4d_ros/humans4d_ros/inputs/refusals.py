"""Why an input was refused: the word that diagnostics count it under, the sentence for the log."""

from __future__ import annotations

import traceback

from humans4d_core.errors import CameraError, Humans4dError, ImageError, TransformError
from humans4d_core.shown_text import shown

#: Calls of a traceback that are shown, the innermost.
_FRAMES = 20
#: Seconds between log lines about one kind of refusal.
LOG_PERIOD = 5.0


class StampError(ImageError):
    """A stamp that no clock shows."""


class DepthError(Humans4dError):
    """A depth image that cannot be used; its colour image is, without it."""


class BoxesError(Humans4dError):
    """Boxes of another node that cannot be used."""


_REASONS = {
    CameraError: "camera",
    ImageError: "image",
    TransformError: "transform",
    DepthError: "depth",
    BoxesError: "boxes",
}


def join_valid_stamp(stamp) -> int:
    """A Time message -> nanoseconds; raises StampError."""
    if stamp.sec < 0 or stamp.nanosec >= 1_000_000_000:
        raise StampError(f"stamp is {stamp.sec} s and {stamp.nanosec} ns: no clock shows that")
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def reason(error: Exception) -> str:
    """One of "camera", "image", "transform", "depth", "boxes"; "internal" for a mistake of ours."""
    return next((word for kind, word in _REASONS.items() if isinstance(error, kind)), "internal")


def explained(error: Exception) -> str:
    """One sentence for what a user can mend, a traceback for what only a programmer can."""
    if isinstance(error, Humans4dError):
        return str(error)
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-_FRAMES)
    return "\n".join(shown(line, 300) for line in "".join(lines).splitlines()[-3 * _FRAMES :])
