"""Stamps in serialised messages: read and replaced without deserialising them."""

from __future__ import annotations

import struct

from ..process.ros_session import message_class

HEADER = "std_msgs/Header"


def read_stamp(data: bytes) -> int:
    """Nanoseconds of the header that a CDR message begins with, after 4 bytes of encapsulation."""
    return _read(data, 4)


def write_stamp(data: bytes, stamp_ns: int) -> bytearray:
    """A copy of a CDR message that begins with a header, with another stamp in it."""
    changed = bytearray(data)
    struct.pack_into(_byte_order(data) + "iI", changed, 4, *divmod(stamp_ns, 10**9))
    return changed


def starts_with_header(type_name: str) -> bool:
    """Whether messages of a type, "package/msg/Name", begin with a header."""
    return _first_field(type_name) == HEADER


class StampReader:
    """The stamp of any message of one type: its header's, or that of the first of its elements,
    as in TFMessage and MarkerArray."""

    def __init__(self, type_name: str):
        self._is_stamped = starts_with_header(type_name)
        first = _first_field(type_name)
        self._is_sequence = False
        if first.startswith("sequence<") and first.endswith(">") and first.count("/") == 1:
            element = first[len("sequence<") : -1].replace("/", "/msg/")
            self._is_sequence = starts_with_header(element)

    def __call__(self, data: bytes) -> int | None:
        """Nanoseconds; None where the message has no stamp or one of zero."""
        if self._is_stamped and len(data) >= 12:
            return _read(data, 4) or None
        if self._is_sequence and len(data) >= 16 and any(data[4:8]):
            return _read(data, 8) or None
        return None


def _read(data: bytes, offset: int) -> int:
    seconds, nanoseconds = struct.unpack_from(_byte_order(data) + "iI", data, offset)
    return seconds * 10**9 + nanoseconds


def _byte_order(data: bytes) -> str:
    return "<" if data[1] & 1 else ">"


def _first_field(type_name: str) -> str:
    fields = message_class(type_name).get_fields_and_field_types()
    return next(iter(fields.values()), "")
