"""The frame rate of a bag's images."""

import pytest
from bag_files import image, info, text

from humans4d_core.io import BagSource

START = 1_700_000_000_123_456_789
PERIOD = 142_857_143


def rate_of(bag, log_times, stamps, *others):
    images = [("/c/image", log, image(stamp)) for log, stamp in zip(log_times, stamps, strict=True)]
    with BagSource(bag(("/c/camera_info", START, info(START)), *others, *images)) as source:
        return source.frame_rate


def test_the_rate_is_that_of_the_images_not_of_the_bag(bag):
    stamps = [START + i * PERIOD for i in range(20)]
    early = ("/chatter", START - 60 * 10**9, text("a minute before"))
    assert rate_of(bag, stamps, stamps, early) == pytest.approx(7)


@pytest.mark.parametrize(
    "changed",
    [
        lambda log, stamps: (log, [*stamps[:10], *(s + 600 * 10**9 for s in stamps[10:])]),
        lambda log, stamps: ([0, *log[1:]], stamps),
        lambda log, stamps: (log, [0, *stamps[1:]]),
        lambda log, stamps: (log, [*stamps[:5], stamps[6], stamps[5], *stamps[7:]]),
        lambda log, stamps: ([START] * 20, stamps),
        lambda log, stamps: (log, [0] * 20),
        lambda log, stamps: (log, [*stamps[:10], *stamps[:10]]),
    ],
    ids=["gap", "log time 0", "stamp 0", "swapped", "one log time", "no stamps", "loop"],
)
def test_what_is_wrong_with_some_stamps_does_not_change_the_rate(bag, changed):
    stamps = [START + i * PERIOD for i in range(20)]
    assert rate_of(bag, *changed(stamps, stamps)) == pytest.approx(7)


def test_one_image_has_the_assumed_rate(bag):
    assert rate_of(bag, [START], [START]) == 30
