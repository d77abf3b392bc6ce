"""Names of topics and namespaces as people type them, and the prefixes that are made of them.

Imports nothing but Python's own: the launch files use it, too.
"""

from __future__ import annotations

import re

_PART = r"[A-Za-z_][A-Za-z0-9_]*"
_TOPIC = re.compile(rf"(~/|/)?{_PART}(/{_PART})*")


class BadName(ValueError):
    """A text that cannot be a name; the sentence says why."""


def topic_name(text: str, what: str) -> str:
    """A topic's name without the slashes that do nothing: at the end, and doubled.

    what: what the text was given as, for the sentence of the BadName that is raised.
    """
    name = re.sub("/+", "/", text.strip()).rstrip("/")
    if not _TOPIC.fullmatch(name):
        raise BadName(
            f"{what} is {text[:80]!r}, which is no name in ROS: letters, digits and _ are allowed, "
            "/ between them, and no digit after a /"
        )
    return name


def namespace_name(text: str, what: str = "namespace") -> str:
    """A namespace without slashes at its ends, empty for the root; raises BadName."""
    return topic_name(text, what).strip("/") if text.strip("/ ") else ""


def prefix_of(namespace: str) -> str:
    """What stands before ids that all cameras of a robot share: /robot/left -> robot_left_."""
    return "_".join([*(part for part in namespace.split("/") if part), ""])


def check_id_prefix(prefix: str) -> str:
    """The prefix, if ids with it can stand in the name of a topic; raises BadName."""
    if prefix and not re.fullmatch(_PART, prefix):
        raise BadName(
            f"id_prefix is {prefix[:60]!r}, which no topic's name can have: letters, digits and _ "
            "are allowed, and no digit first"
        )
    return prefix
