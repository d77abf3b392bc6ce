"""How many images a second: from the images' own stamps."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np


def header_stamp_ns(data: bytes) -> int:
    """The stamp (ns) of a serialised message that begins with a std_msgs/Header; 0: none is set."""
    if len(data) < 12:
        return 0
    # CDR: four bytes that say the byte order, then the message.
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return seconds * 10**9 + nanoseconds


def median_rate(stamps_ns: Sequence[int]) -> float | None:
    """Images a second: the median over pairs of neighbours in time; None of less than two stamps.

    Gaps, single wrong stamps and images in another order do not change it.
    """
    stamps = np.unique(np.asarray(stamps_ns, np.int64))
    return None if len(stamps) < 2 else float(1e9 / np.median(np.diff(stamps)))
