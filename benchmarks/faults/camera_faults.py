"""What cameras and their drivers do wrong."""

from __future__ import annotations

import signal
import time
from array import array

from bench import Bench

from humans4d_core.io import camera_info_fields
from humans4d_core.types import Camera


def flood_of_images(bench: Bench) -> None:
    """300 a second."""
    message = bench.image()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        message.header.stamp = bench.now()
        bench.image_out.publish(message)
        time.sleep(1 / 300)


def another_size(bench: Bench) -> None:
    width, height = bench.random.choice(((640, 480), (320, 240), (1280, 720), (33, 17)))
    model = Camera.from_fov(width, height, 1.0)
    bench.info_out.publish(bench.info(**camera_info_fields(model)))
    for _ in range(3):
        bench.image_out.publish(bench.image(width, height))
        bench.pause(0.1)
    bench.info_out.publish(bench.info())


def another_frame(bench: Bench) -> None:
    message = bench.image()
    message.header.frame_id = bench.random.choice(("other_camera", "odom", ""))
    bench.image_out.publish(message)


def strange_shapes(bench: Bench) -> None:
    """Sizes and encodings that do not belong to the bytes."""
    for width, height, step, encoding in (
        (0, 0, 0, "bgr8"),
        (2**32 - 1, 2**32 - 1, 2**32 - 1, "bgr8"),
        (100_000, 1, 3, "bgr8"),
        (10, 10, 30, "32FC1"),
        (10, 10, 30, "64FC9999999999"),
        (10, 10, 30, "bgr8\x1b[2J\n[ERROR] forged"),
        (10, 10, 30, "x" * 100_000),
        (10, 10, 30, ""),
        (1, 300, 3, "bgr8"),
    ):
        message = bench.image(10, 10)
        message.width, message.height, message.step = width, height, step
        message.encoding = encoding
        bench.image_out.publish(message)
        bench.pause(0.05)


def stamps_go_back(bench: Bench) -> None:
    """One image out of order, by milliseconds or by days."""
    message = bench.image()
    back = bench.random.choice((1_000_000, 30_000_000, 500_000_000, 10**9, 60 * 10**9, 10**14))
    _shift(message, -back)
    bench.image_out.publish(message)


def stamps_go_forward(bench: Bench) -> None:
    message = bench.image()
    _shift(message, bench.random.choice((10**9, 60 * 10**9, 10**14)))
    bench.image_out.publish(message)


def stamps_of_no_clock(bench: Bench) -> None:
    """Zero, negative, the last second there is, more nanoseconds than a second has."""
    for seconds, nanoseconds in ((0, 0), (0, 1), (-5, 0), (2**31 - 1, 999_999_999), (5, 2**32 - 1)):
        message = bench.image()
        message.header.stamp.sec, message.header.stamp.nanosec = seconds, nanoseconds
        for _ in range(bench.random.randint(1, 5)):
            bench.image_out.publish(message)
            bench.pause(0.02)


def stamps_stand_still(bench: Bench) -> None:
    message = bench.image()
    for _ in range(20):
        bench.image_out.publish(message)
        bench.pause(0.05)


def calibration_flips(bench: Bench) -> None:
    for focal in (100.0, 5000.0, bench.random.uniform(1, 1e5)):
        model = Camera(focal, focal, bench.width / 2, bench.height / 2, bench.width, bench.height)
        bench.info_out.publish(bench.info(**camera_info_fields(model)))
        bench.pause(0.2)
    bench.info_out.publish(bench.info())


def calibration_of_nothing(bench: Bench) -> None:
    """Zeros, numbers that are none, models that there are not, too many coefficients."""
    numbers = bench.random.choice((0.0, float("nan"), float("inf"), 1e300, -500.0, 1e-300))
    for changes in (
        {"k": [numbers] * 9},
        {"d": array("d", [numbers] * 5)},
        {"d": array("d", [0.1] * 10_000)},
        {"p": [numbers] * 12, "k": [numbers] * 9},
        {"distortion_model": "\x1b]0;own\x07" + "m" * 10_000},
        {"width": 0, "height": 0},
        {"width": 2**32 - 1},
        {"binning_x": 2**32 - 1, "binning_y": 3},
    ):
        bench.info_out.publish(bench.info(**changes))
        bench.pause(0.1)
    bench.info_out.publish(bench.info())


def camera_dies(bench: Bench) -> None:
    """kill -9; another driver comes later."""
    bench.camera.kill()
    bench.pause(bench.random.uniform(0.5, 4))
    bench.start_camera()


def camera_hangs(bench: Bench) -> None:
    bench.camera.send(signal.SIGSTOP)
    bench.pause(bench.random.uniform(0.5, 4))
    bench.camera.send(signal.SIGCONT)


def second_camera(bench: Bench) -> None:
    """Two drivers on one topic."""
    second = bench.start("camera.py", "camera", bench.images, "--rate", 5, log="camera.log")
    bench.pause(4)
    second.kill()


def images_of_one_color(bench: Bench) -> None:
    """Covered, overexposed."""
    for _ in range(10):
        bench.image_out.publish(bench.image(gray=bench.random.choice((0, 255))))
        bench.pause(0.05)


def _shift(message, nanoseconds: int) -> None:
    stamp = message.header.stamp
    total = max(stamp.sec * 10**9 + stamp.nanosec + nanoseconds, 1)
    stamp.sec, stamp.nanosec = divmod(total, 10**9)
