"""Replay a rosbag2 at its recorded pace, on machines with and without `ros2 bag`.

Messages go out as the bytes that were recorded. Their times are one absolute schedule, so a late
message never delays those after it.
"""

from __future__ import annotations

import argparse
import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Collection
from itertools import islice
from pathlib import Path

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from rosbags.interfaces import Connection, QosDurability, QosHistory
from rosgraph_msgs.msg import Clock

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io.bags.bag_messages import open_bag, raw_messages
from humans4d_core.io.bags.bag_reader import BagReader
from humans4d_core.shown_text import shown

from ..inputs.header_stamps import read_stamp, starts_with_header, write_stamp
from ..process.ros_session import message_class, ros_node, run_program, stop_on_signals

CLOCK_PERIOD_SECONDS = 0.01
#: A publisher keeps its latched messages for those who come late: bytes a topic, at most, unless
#: the recorded publishers themselves kept more messages than that.
LATCHED_BYTES = 64 * 2**20
#: Fast DDS keeps no more messages of a topic than these.
LATCHED_MESSAGES = 5000


class BagPlayer:
    """Publishers for a bag's topics, and the clockwork that feeds them."""

    def __init__(
        self,
        node: Node,
        bag: Path,
        topics: Collection[str] = (),
        rate: float = 1.0,
        clock: bool = False,
        restamp: bool = False,
        leave_out: Collection[str] = (),
    ):
        """Opens the bag; raises InputFileError or Humans4dError with a sentence for the user.

        topics: these only; none means all whose type is installed. leave_out: none of these.
        clock: publish the bag's time on /clock, unless the bag has that topic. restamp: headers say
        when the message is published, not when it was recorded (`stamp_shift_ns`).
        """
        if not rate > 0:
            raise InputFileError(f"rate {rate:g} is not above zero: 1 is the recorded pace")
        self._bag = bag
        self._rate = rate
        self._restamp = restamp
        if not bag.exists():
            raise InputFileError(f"there is no bag {bag}")
        self._reader = open_bag(bag)
        try:
            chosen = _choose(self._reader, bag, topics, leave_out)
            kinds, unknown = _message_classes(chosen, all_needed=bool(topics))
            self._connections = [c for c in chosen if c.msgtype in kinds]
            self._publishers = {}
            for connection in self._connections:
                if connection.topic not in self._publishers:
                    quality = self._quality(connection.topic)
                    self._publishers[connection.topic] = node.create_publisher(
                        kinds[connection.msgtype], connection.topic, quality
                    )
            self._stamped = {
                c.topic for c in self._connections if restamp and starts_with_header(c.msgtype)
            }
            clock = clock and "/clock" not in self._publishers
            self._clock = node.create_publisher(Clock, "/clock", 10) if clock else None
        except BaseException:
            self._reader.close()
            raise
        self.notes = [*self._reader.notes, *unknown]  #: sentences for the user
        self.played: Counter[str] = Counter()  #: messages published by topic, all rounds together
        self.latest_seconds = 0.0  #: how late the latest message was
        #: With restamp, at rate 1: published stamp minus recorded stamp in this round.
        self.stamp_shift_ns: int | None = None
        self._began: tuple[float, int] | None = None  # this round: steady clock, log time

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> BagPlayer:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def topics(self) -> list[str]:
        return list(self._publishers)

    @property
    def time_ns(self) -> int:
        """Now, on the clock of the bag's log times; its beginning before it is played."""
        if self._began is None:
            return self._reader.start_time
        start, first_time = self._began
        return first_time + round((time.monotonic() - start) * self._rate * 1e9)

    def wait_for_subscribers(
        self, topics: Collection[str], timeout_seconds: float, stop: threading.Event
    ) -> list[str]:
        """Wait until each of `topics` has a subscriber; returns those that have none."""
        end = time.monotonic() + timeout_seconds
        while True:
            lonely = [t for t in topics if not self._publishers[t].get_subscription_count()]
            if not lonely or time.monotonic() >= end or stop.wait(0.02):
                return lonely

    def play(self, stop: threading.Event, seconds: float = math.inf) -> None:
        """One round through the bag's first `seconds`; returns early when `stop` is set."""
        start = first_time = first_stamp = None
        for connection, recorded, data in raw_messages(self._reader, self._connections, self._bag):
            if start is None:
                start, first_time = self._began = time.monotonic(), recorded
            if recorded - first_time >= seconds * 1e9:
                return
            due = start + (recorded - first_time) / 1e9 / self._rate
            if not self._wait(due, start, first_time, stop):
                return
            if connection.topic in self._stamped:
                stamp = read_stamp(data) or recorded
                if first_stamp is None:
                    first_stamp, now = stamp, time.time_ns()
                    self.stamp_shift_ns = now - first_stamp
                data = write_stamp(data, now + round((stamp - first_stamp) / self._rate))
            self._publishers[connection.topic].publish(bytes(data))
            self.played[connection.topic] += 1
            self.latest_seconds = max(self.latest_seconds, time.monotonic() - due)

    def wait_until_delivered(self, timeout_seconds: float = 2.0) -> None:
        """Wait until reliable subscribers have everything."""
        for publisher in self._publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=timeout_seconds))

    def _quality(self, topic: str) -> QoSProfile:
        """Reliable, so that every subscriber matches; latched where the recorded publishers were.

        A latched topic is played by one publisher that stands for all that were recorded: it keeps
        every message of theirs for late subscribers, since which of them are out of date only the
        recorded publishers knew.
        """
        connections = [c for c in self._connections if c.topic == topic]
        offered = [q for c in connections for q in c.ext.offered_qos_profiles]
        reliable = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
        if not topic.endswith("/tf_static") and not (
            offered and all(q.durability == QosDurability.TRANSIENT_LOCAL for q in offered)
        ):
            return reliable
        reliable.durability = DurabilityPolicy.TRANSIENT_LOCAL
        kept = sum(q.depth for q in offered if q.history == QosHistory.KEEP_LAST)
        first = islice(raw_messages(self._reader, connections, self._bag), 10)
        size = max((len(data) for _, _, data in first), default=1)
        fitting = max(kept, LATCHED_BYTES // max(size, 1))
        count = sum(connection.msgcount for connection in connections)
        reliable.depth = max(1, min(count, fitting, LATCHED_MESSAGES))
        return reliable

    def _wait(self, due: float, start: float, first_time: int, stop: threading.Event) -> bool:
        while True:
            now = time.monotonic()
            if self._clock is not None:
                message = Clock()
                elapsed = (min(now, due) - start) * self._rate
                nanoseconds = first_time + round(elapsed * 1e9)
                message.clock.sec, message.clock.nanosec = divmod(nanoseconds, 10**9)
                self._clock.publish(message)
            left = due - now
            if left <= 0:
                return not stop.is_set()
            if stop.wait(left if self._clock is None else min(left, CLOCK_PERIOD_SECONDS)):
                return False


def _choose(
    reader: BagReader, bag: Path, topics: Collection[str], leave_out: Collection[str]
) -> list[Connection]:
    present = {connection.topic for connection in reader.connections}
    if missing := sorted(set(topics) - present):
        raise InputFileError(
            f"bag {bag} has no topic {', '.join(missing)}: it has {', '.join(sorted(present))}"
        )
    chosen = [
        c
        for c in reader.connections
        if (not topics or c.topic in topics) and c.topic not in leave_out
    ]
    if not any(connection.msgcount for connection in chosen):
        raise InputFileError(f"bag {bag} has no messages to play")
    return chosen


def _message_classes(
    connections: list[Connection], all_needed: bool
) -> tuple[dict[str, type], list[str]]:
    """Classes by type name, and sentences on those that are not installed; raises Humans4dError
    where nothing is left, or `all_needed`."""
    kinds, notes, failure = {}, [], None
    for connection in connections:
        try:
            kinds[connection.msgtype] = message_class(connection.msgtype)
        except Humans4dError as error:
            failure = error
            notes.append(f"{shown(connection.topic)} is not played: {error}")
    if failure is not None and (all_needed or not kinds):
        raise failure
    return kinds, notes


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit status."""
    parser = argparse.ArgumentParser("bag_player", description="Replay a rosbag2 at its pace.")
    parser.add_argument("bag", type=Path)
    parser.add_argument("--topic", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--rate", type=float, default=1.0, help="times the recorded pace")
    parser.add_argument("--loop", action="store_true", help="again and again, until interrupted")
    parser.add_argument("--clock", action="store_true", help="publish the bag's time on /clock")
    parser.add_argument(
        "--restamp",
        action="store_true",
        help="headers say when a message is published, as live ones do (/tf keeps its stamps)",
    )
    parser.add_argument(
        "--wait-for",
        action="append",
        default=[],
        metavar="TOPIC",
        help="first wait until this topic has a subscriber; repeatable",
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, help="seconds to wait for subscribers at most"
    )
    # Launch files add ROS's own arguments, which rclpy reads.
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(remove_ros_args(given))

    def program() -> int:
        with (
            stop_on_signals() as stop,
            ros_node("bag_player") as node,
            BagPlayer(
                node, options.bag, options.topic, options.rate, options.clock, options.restamp
            ) as player,
        ):
            if unknown := sorted(set(options.wait_for) - set(player.topics)):
                raise InputFileError(f"topic {', '.join(unknown)} is not among those played")
            for note in player.notes:
                print(f"note: {note}", file=sys.stderr)
            lonely = player.wait_for_subscribers(options.wait_for, options.timeout, stop)
            if lonely and not stop.is_set():
                print(f"error: nobody subscribes {', '.join(lonely)}", file=sys.stderr)
                return 1
            start = time.monotonic()
            player.play(stop)
            while options.loop and not stop.is_set():
                player.play(stop)
            player.wait_until_delivered()
            print(
                f"played {player.played.total()} messages in {time.monotonic() - start:.1f} s, "
                f"at most {player.latest_seconds * 1e3:.1f} ms late"
            )
        return 0

    return run_program(program)


if __name__ == "__main__":
    sys.exit(main())
