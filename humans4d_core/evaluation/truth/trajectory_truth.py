"""The way of one person as a text file: "stamp tx ty tz qx qy qz qw", as TUM's benchmark and evo.

Stamps in seconds, metres; lines that start with # are comments (Sturm et al., "A benchmark for the
evaluation of RGB-D SLAM systems", 2012).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...errors import InputFileError
from ...shown_text import shown
from ...untrusted_files import read_lines


def read_trajectory(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Stamps (K,) int64 ns, growing, and places (K, 3) m. Raises InputFileError."""
    stamps, places = [], []
    for number, line in enumerate(read_lines(path, "no text file of a trajectory"), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            numbers = [float(word) for word in words[1:4]]
            stamp_ns = _nanoseconds(words[0])
            if len(words) not in (4, 8) or not np.isfinite(numbers).all():
                raise ValueError
        except ValueError:
            raise InputFileError(
                f"{shown(path)}, line {number}: '{shown(line, 60)}' is not "
                "stamp tx ty tz qx qy qz qw, in seconds and metres"
            ) from None
        stamps.append(stamp_ns)
        places.append(numbers)
    if not stamps:
        raise InputFileError(f"{shown(path)} holds no trajectory: it has no line of numbers")
    order = np.argsort(stamps, kind="stable")
    return np.array(stamps, np.int64)[order], np.array(places, np.float64)[order]


def _nanoseconds(text: str) -> int:
    """Of seconds as text; a double of today's seconds is right to 0.1 us only."""
    whole, _, part = text.partition(".")
    if part.isdigit() and whole.lstrip("-").isdigit() and len(whole) < 12:
        sign = -1 if whole.startswith("-") else 1
        return int(whole) * 10**9 + sign * int(part[:9].ljust(9, "0"))
    seconds = float(text)
    if not abs(seconds) < 1e11:
        raise ValueError
    return round(seconds * 1e9)
