"""What a tracker can be told."""

from dataclasses import FrozenInstanceError

import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.tracking import TrackerConfig


def test_a_config_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TrackerConfig().confirm_seconds = 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirm_seconds", -0.1), ("confirm_hits", 1), ("confirm_hits", 2.5),
        ("occluded_seconds", 0), ("tentative_seconds", float("nan")), ("start_score", 1.5),
        ("start_score", 0.05), ("continue_score", -1), ("walking_speed", 0),
        ("velocity_seconds", float("inf")), ("duplicate_iou", 0), ("start_score", "high"),
        ("use_appearance", 1), ("reidentify_seconds", -1), ("walking_speed", 1e30),
        ("walking_speed", 1e-30), ("velocity_seconds", 1e-300), ("velocity_seconds", 1e200),
        ("confirm_seconds", 1e10), ("occluded_seconds", 1e300), ("tentative_seconds", 1e10),
        ("confirm_hits", 2**62), ("reidentify_seconds", 1e300), ("start_score", True),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_named(name, value):
    with pytest.raises(Humans4dError, match=name):
        TrackerConfig(**{name: value})
