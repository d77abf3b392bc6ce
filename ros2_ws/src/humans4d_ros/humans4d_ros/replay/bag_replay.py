"""A bag of images through a node that runs already, into a bag of people; replay.launch.py's part.

    humans4d_replay BAG OUTPUT --image TOPIC [--topic TOPIC ...] [--rate RATE]

What is recorded has the bag's times: a message's own stamp, or the moment of the replay. So OUTPUT
plays beside BAG.
"""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io import message_typestore, read_messages

from ..process.ros_session import ros_node, run_program, stop_on_signals
from .bag_player import BagPlayer
from .bag_recorder import BagRecorder
from .demo.demo_report import BODY_MODEL, PEOPLE
from .recording import recording, settle

#: Stamps farther from the bag's own times than this are another clock's.
STAMP_TOLERANCE_NS = 60 * 10**9
#: Topics that a bag and the node may both have.
SHARED = ("/tf", "/tf_static")


class ReplayError(Humans4dError):
    """A replay that came to nothing."""


def replay(options: argparse.Namespace, stop: threading.Event) -> str:
    """Play and record; the sentence that tells what became of the images.

    Raises Humans4dError. What was recorded until then stays.
    """
    with (
        ros_node("humans4d_replay") as node,
        _player(node, options) as player,
        recording(
            "humans4d_replay_recorder", options.output, options.topic, log_time=_bag_times(player)
        ) as recorder,
    ):
        for note in player.notes:
            print(f"note: {note}", file=sys.stderr)
        _wait_until_ready(player, recorder, options, stop)
        start = time.monotonic()
        _play(player, recorder, stop)
        frames = player.played[options.image]
        if PEOPLE in options.topic:
            settle(frames, recorder, PEOPLE, stop)
        seconds = time.monotonic() - start
    if recorder.failure:
        raise ReplayError(recorder.failure)
    processed = _processed(options.output) if recorder.counts[PEOPLE] else 0
    if PEOPLE in options.topic and not processed and not stop.is_set():
        raise ReplayError(f"none of {frames} images became people: the node's log says why")
    return _told(frames, processed, recorder, options, seconds)


def _processed(recording: Path) -> int:
    """Images that became people; a message on those who are LOST at the end is of no image."""
    types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
    messages = read_messages(recording, [PEOPLE], types)
    return sum(math.isfinite(message.node_seconds) for _, _, message in messages)


def _player(node: Node, options: argparse.Namespace) -> BagPlayer:
    if options.output.exists():
        raise InputFileError(f"{options.output} exists already: choose another name, or remove it")
    player = BagPlayer(
        node, options.bag, rate=options.rate, clock=True, leave_out=_of_the_node(options)
    )
    if options.image not in player.topics:
        listed = ", ".join(player.topics)
        player.close()
        raise InputFileError(f"bag {options.bag} has no images on {options.image}: it has {listed}")
    return player


def _of_the_node(options: argparse.Namespace) -> list[str]:
    """An earlier replay's people are not played among the new ones."""
    return [topic for topic in options.topic if topic not in SHARED]


def _bag_times(player: BagPlayer):
    def log_time(stamp: int | None) -> int:
        now = player.time_ns
        return stamp if stamp is not None and abs(stamp - now) < STAMP_TOLERANCE_NS else now

    return log_time


def _wait_until_ready(
    player: BagPlayer, recorder: BagRecorder, options: argparse.Namespace, stop: threading.Event
) -> None:
    """Until the node listens, and its latched body model has shown that the recorder hears it."""
    end = time.monotonic() + options.timeout
    while player.wait_for_subscribers([options.image], 0.2, stop) or (
        BODY_MODEL in options.topic and not recorder.counts[BODY_MODEL]
    ):
        if recorder.failure or stop.wait(0.02):
            return
        if time.monotonic() > end:
            raise ReplayError(
                f"nobody subscribes {options.image}, or nobody publishes {BODY_MODEL}: the node "
                f"was not ready after {options.timeout:g} s"
            )


def _play(player: BagPlayer, recorder: BagRecorder, stop: threading.Event) -> None:
    """The whole bag, unless it cannot be recorded any more or `stop` is set."""
    ended = threading.Event()
    failures: list[Exception] = []

    def play() -> None:
        try:
            player.play(ended)
            player.wait_until_delivered()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=play, name="player")
    thread.start()
    while thread.is_alive():
        if stop.is_set() or recorder.failure:
            ended.set()
        thread.join(0.1)
    if failures:
        raise failures[0]


def _told(
    frames: int,
    processed: int,
    recorder: BagRecorder,
    options: argparse.Namespace,
    seconds: float,
) -> str:
    text = f"replayed {frames} images in {seconds:.1f} s"
    if PEOPLE in options.topic:
        lost = max(frames - processed, 0)
        text += f": {processed} became people"
        if lost:
            text += (
                f", {lost} did not (dropped at this pace, or refused: the node's diagnostics tell; "
                f"a rate below {options.rate:g} gives it more time)"
            )
    counts = ", ".join(f"{topic} {n}" for topic, n in sorted(recorder.counts.items()))
    return f"{text}; recorded in {options.output}: {counts or 'nothing'}"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all was played and recorded; 2: not."""
    parser = argparse.ArgumentParser("humans4d_replay", description=__doc__.splitlines()[0])
    parser.add_argument("bag", type=Path)
    parser.add_argument("output", type=Path, help="folder of the bag to make")
    parser.add_argument("--image", required=True, help="topic of the images in the bag")
    parser.add_argument("--topic", action="append", default=[], help="recorded; repeatable")
    parser.add_argument("--rate", type=float, default=1.0, help="times the recorded pace")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds to wait for the node")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(remove_ros_args(given))

    def program() -> int:
        with stop_on_signals() as stop:
            print(replay(options, stop), flush=True)
        return 0

    return run_program(program)


if __name__ == "__main__":
    sys.exit(main())
