"""What happens to TF: numbers that are none, loops, floods, silence."""

from __future__ import annotations

import math
import signal

from bench import Bench
from camera import CAMERA_FRAME, ODOM_FRAME, transform_message
from tf2_msgs.msg import TFMessage


def not_finite(bench: Bench) -> None:
    number = bench.random.choice((math.nan, math.inf, -math.inf))
    bench.tf_out.publish(transform_message(bench.now(), move=(number, 0.0, 0.0)))
    bench.tf_out.publish(transform_message(bench.now(), turn=(number, 0.0, 0.0, 1.0)))


def far_away(bench: Bench) -> None:
    for _ in range(10):
        far = bench.random.choice((2e4, 1e6, 1e18, 1e38, 1e300))
        bench.tf_out.publish(transform_message(bench.now(), move=(far, 0.0, 0.0)))
        bench.pause(0.05)


def jumps(bench: Bench) -> None:
    """The robot is somewhere else for a moment, kilometres away."""
    for _ in range(5):
        place = tuple(bench.random.uniform(-5000, 5000) for _ in range(3))
        bench.tf_out.publish(transform_message(bench.now(), move=place))
        bench.pause(0.1)


def no_rotation(bench: Bench) -> None:
    """Quaternions of length zero or a thousand."""
    for length in (0.0, 1e-200, 1000.0):
        bench.tf_out.publish(transform_message(bench.now(), turn=(0.0, 0.0, 0.0, length)))
        bench.pause(0.05)


def loops(bench: Bench) -> None:
    """A frame below itself."""
    bench.tf_out.publish(transform_message(bench.now(), CAMERA_FRAME, ODOM_FRAME))
    bench.tf_out.publish(transform_message(bench.now(), CAMERA_FRAME, CAMERA_FRAME))
    bench.pause(0.5)
    # Nobody corrects a wrong parent but a new one.
    bench.tf_out.publish(transform_message(bench.now(), "world", ODOM_FRAME))


def another_parent(bench: Bench) -> None:
    """Two nodes that both say where the camera is."""
    for _ in range(10):
        bench.tf_out.publish(transform_message(bench.now(), "base", CAMERA_FRAME))
        bench.pause(0.03)


def long_chain(bench: Bench) -> None:
    """Thousands of frames, each below the one before."""
    prefix, count = bench.random.randrange(10**6), 5000
    message = TFMessage()
    for number in range(count):
        parent = f"chain_{prefix}_{number}" if number else ODOM_FRAME
        one = transform_message(bench.now(), parent, f"chain_{prefix}_{number + 1}")
        message.transforms += one.transforms
    bench.tf_out.publish(message)
    image = bench.image()
    image.header.frame_id = f"chain_{prefix}_{count}"
    bench.image_out.publish(image)


def many_names(bench: Bench) -> None:
    """Frames that nobody needs, ever new ones."""
    for _ in range(20):
        message = TFMessage()
        for _ in range(100):
            name = f"{bench.random.getrandbits(64):x}"
            message.transforms += transform_message(bench.now(), ODOM_FRAME, name).transforms
        bench.tf_out.publish(message)
        bench.pause(0.02)


def stamps_of_transforms(bench: Bench) -> None:
    """From the past, the future and no clock."""
    for seconds in (0, 5, -5, 2**31 - 1):
        stamp = bench.now()
        stamp.sec = seconds
        bench.tf_out.publish(transform_message(stamp))
        bench.pause(0.05)


def odometry_hangs(bench: Bench) -> None:
    bench.odometry.send(signal.SIGSTOP)
    bench.pause(bench.random.uniform(0.5, 3))
    bench.odometry.send(signal.SIGCONT)


def odometry_dies(bench: Bench) -> None:
    """kill -9; it starts again somewhere else."""
    bench.odometry.kill()
    bench.pause(bench.random.uniform(0.5, 3))
    bench.start_odometry()
