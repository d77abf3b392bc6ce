"""Text from outside (file names, topics, frame ids, encodings), made fit for logs and terminals."""

from __future__ import annotations

_GAP = " [...] "


def shown(text: object, limit: int = 200) -> str:
    """`text` on one line of at most `limit` characters, without anything that a terminal obeys.

    Line ends, escape codes, marks that turn the direction of writing and lone surrogates become
    their escapes (backslash x1b); letters of every script stay. What is too long loses its middle,
    so that the end of a path or of a sentence stays. Bytes are read as UTF-8. Showing a shown
    text changes nothing.
    """
    if isinstance(text, (bytes, bytearray, memoryview)):
        # Cut before decoding: it may be megabytes. A character has four bytes at most.
        raw = (
            bytes(text)
            if len(text) <= 8 * limit
            else bytes(text[: 4 * limit]) + bytes(text[-4 * limit :])
        )
        text = raw.decode("utf-8", "backslashreplace")
    text = text if isinstance(text, str) else str(text)
    if len(text) <= limit and text.isprintable():
        return text
    tail = (limit - len(_GAP)) // 3
    head = limit - len(_GAP) - tail
    if len(text) > 2 * limit:
        start, end = _escaped(text[:limit]), _escaped(text[-limit:])
    else:
        start = end = _escaped(text)
        if len(start) <= limit:
            return start
    return start[:head] + _GAP + end[-tail:]


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
