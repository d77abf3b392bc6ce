"""The quality of service that a bag's topics were offered with, which bags store as YAML."""

from __future__ import annotations

from rosbags.interfaces import Qos
from rosbags.rosbag2 import metadata, storage_mcap

from ...errors import InputFileError
from ...untrusted_files import parse_yaml

#: A profile has some 300 characters; a topic has one for each publisher it had.
_MAX_CHARACTERS = 1 << 18


def offered_quality(text: object) -> list[Qos]:
    """The profiles in a bag's text, none where they are too long or make no sense.

    They say who could have listened, never what was recorded: a bag is read without them too.
    """
    if not isinstance(text, str) or len(text) > _MAX_CHARACTERS:
        return []
    try:
        profiles = parse_yaml(text, "offered_qos_profiles")
        return metadata.parse_qos(profiles if isinstance(profiles, list) else [])
    except (InputFileError, KeyError, TypeError, AttributeError):
        return []


# rosbags reads this text of an mcap's channels without a bound.
storage_mcap.parse_qos = offered_quality  # type: ignore[assignment]
