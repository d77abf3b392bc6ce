"""What happens to the node's life: transitions, stopped and killed neighbours, other settings."""

from __future__ import annotations

import signal

from bench import PARAMETERS, Bench
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from message_faults import compressed_garbage, strange_depth
from rosgraph_msgs.msg import Clock

CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = (
    Transition.TRANSITION_CONFIGURE,
    Transition.TRANSITION_CLEANUP,
    Transition.TRANSITION_ACTIVATE,
    Transition.TRANSITION_DEACTIVATE,
)


def deactivated(bench: Bench) -> None:
    bench.change_state(DEACTIVATE)
    bench.pause(bench.random.uniform(0, 1))
    bench.change_state(ACTIVATE)


def recycled(bench: Bench) -> None:
    bench.change_state(DEACTIVATE, CLEANUP, CONFIGURE, ACTIVATE)


def other_settings(bench: Bench) -> None:
    """Configured with other inputs and models for a while."""
    settings = {
        "target_frame": bench.random.choice(("", "odom", "nowhere")),
        "ground_frame": bench.random.choice(("", "odom")),
        "use_depth": bench.random.random() < 0.5,
        "detector": bench.random.choice(("movenet", "nanodet")),
        "image_transport": bench.random.choice(("raw", "compressed")),
        "tracking": bench.random.choice(("default", "phalp-costs")),
        "horizontal_fov": bench.random.choice((0.0, 0.64)),
    }
    original = {**dict.fromkeys(("target_frame", "ground_frame"), ""), **PARAMETERS}
    original |= {"use_depth": False, "detector": "movenet", "image_transport": "raw"}
    original |= {"tracking": "default", "horizontal_fov": 0.0}
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(**settings)
    if bench.change_state(CONFIGURE, ACTIVATE):
        bench.pause(3)
        compressed_garbage(bench)
        strange_depth(bench)
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(**original)
    bench.change_state(CONFIGURE, ACTIVATE)


def flood_of_boxes(bench: Bench) -> None:
    """A thousand people in one image, from a detector that has gone mad."""
    try:
        from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose
    except ImportError:
        return
    boxes_out = bench.ros.create_publisher(Detection2DArray, "/boxes", 10)
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(detector="topic", boxes_timeout=2.0)
    bench.change_state(CONFIGURE, ACTIVATE)
    for count in (0, 3, 1000):
        image, boxes = bench.image(), Detection2DArray()
        boxes.header = image.header
        for _ in range(count):
            one = Detection2D(results=[ObjectHypothesisWithPose()])
            one.results[0].hypothesis.class_id = "person"
            one.results[0].hypothesis.score = bench.random.random()
            one.bbox.center.position.x = bench.random.uniform(0, bench.width)
            one.bbox.center.position.y = bench.random.uniform(0, bench.height)
            one.bbox.size_x = bench.random.choice((1e-3, 40.0, 1e4))
            one.bbox.size_y = 2.5 * one.bbox.size_x
            boxes.detections.append(one)
        bench.image_out.publish(image)
        boxes_out.publish(boxes)
        bench.pause(2)
    bench.ros.destroy_publisher(boxes_out)
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(detector="movenet", boxes_timeout=0.2)
    bench.change_state(CONFIGURE, ACTIVATE)


def clock_of_nonsense(bench: Bench) -> None:
    """Simulated time that jumps, and is negative."""
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(use_sim_time=True)
    bench.change_state(CONFIGURE, ACTIVATE)
    for seconds in (5, -5, 2**31 - 1, 0, -(2**31), 10):
        for nanoseconds in (0, 2**32 - 1, 999_999_999):
            message = Clock()
            message.clock.sec, message.clock.nanosec = seconds, nanoseconds
            bench.clock_out.publish(message)
            bench.pause(0.05)
    bench.change_state(DEACTIVATE, CLEANUP)
    bench.set(use_sim_time=False)
    bench.change_state(CONFIGURE, ACTIVATE)


def clock_that_nobody_wants(bench: Bench) -> None:
    message = Clock()
    message.clock.sec = -5
    bench.clock_out.publish(message)


def transitions_that_there_are_not(bench: Bench) -> None:
    for number in (0, 200, 255, CONFIGURE, ACTIVATE, Transition.TRANSITION_ON_CONFIGURE_ERROR):
        for label in ("", "fly", "\x1b[2J" * 1000):
            transition = Transition(id=number, label=label)
            request = ChangeState.Request(transition=transition)
            bench.call(ChangeState, "change_state", request)


def frozen(bench: Bench) -> None:
    """The machine suspends; the node wakes up later."""
    bench.node.send(signal.SIGSTOP)
    bench.pause(bench.random.uniform(1, 5))
    bench.node.send(signal.SIGCONT)


def displays_come_and_go(bench: Bench) -> None:
    """Subscribers of everything, for a few seconds; the last one is killed."""
    visitor = bench.start_listener("--displays", "--seconds", 5)
    bench.pause(bench.random.uniform(3, 8))
    if bench.random.random() < 0.5:
        visitor.kill()
    else:
        visitor.stop()


def listener_hangs(bench: Bench) -> None:
    """A subscriber that the middleware still believes in."""
    listener = bench.start_listener("--displays")
    bench.pause(3)
    listener.send(signal.SIGSTOP)
    bench.pause(3)
    listener.kill()
