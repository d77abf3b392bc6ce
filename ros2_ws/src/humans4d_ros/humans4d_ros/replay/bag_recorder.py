"""Record live topics into a rosbag2 (mcap), on machines with and without `ros2 bag`.

Messages are written as the bytes that arrive, with the time of their arrival. Each message's
definition, also of one's own types, comes from the .msg files of the installed package. A recorder
that is killed leaves a bag without its last second; where nothing arrived there is no bag.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from humans4d_core.errors import Humans4dError, InputFileError

from ..inputs.header_stamps import StampReader
from ..process.guarded_executor import CallbackLog, GuardedExecutor, OnError
from ..process.ros_session import message_class, ros_node, run_program, stop_on_signals
from .bag_writer import BagWriter

#: Topics that "all" leaves out: every node has them.
HOUSEKEEPING = ("/rosout", "/parameter_events")
DISCOVERY_PERIOD_SECONDS = 0.1
QUEUE_DEPTH = 100
#: All latched messages of many publishers may come at once.
LATCHED_QUEUE_DEPTH = 1000
#: What a killed recorder may lose.
FLUSH_PERIOD_SECONDS = 1.0
#: How long a recorder that is to stop goes on taking what waits for it, and after how many rounds
#: without a message (timers take rounds, too) nothing does.
LAST_SECONDS, QUIET_ROUNDS = 0.5, 5


class BagRecorder:
    """Subscribes topics as their publishers appear, and writes what they say.

    Callbacks run in the executor that spins `node`; close() after it has stopped.
    """

    def __init__(
        self,
        node: Node,
        bag: Path,
        topics: Collection[str] = (),
        on_message: Callable[[str, int, bytes], None] | None = None,
        log_time: Callable[[int | None], int] | None = None,
    ):
        """topics: these only; none means all. on_message(topic, log time ns, data) sees each one.

        log_time(stamp): nanoseconds under which a message with that header's stamp, None without
        one, is written; left out, the time of its arrival.
        """
        _check_place(bag)
        self._node = node
        self._bag = bag
        self._wanted = {node.resolve_topic_name(topic) for topic in topics}
        self._on_message = on_message
        self._log_time = log_time
        self._types = get_typestore(Stores.EMPTY)
        self._subscriptions = {}
        self._connections: dict[str, Connection] = {}
        self._writer: BagWriter | None = None
        self.counts: Counter[str] = Counter()  #: messages by topic
        self.notes: list[str] = []  #: sentences for the user: topics that cannot be recorded
        self.failure = ""  #: why nothing is written any more, for the user
        self._discover()
        # Steady: a recorder of a simulation whose time stands still records, too.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timers = [
            node.create_timer(DISCOVERY_PERIOD_SECONDS, self._discover, clock=clock),
            node.create_timer(FLUSH_PERIOD_SECONDS, self._flush, clock=clock),
        ]

    def close(self) -> None:
        """Finish the bag: without this it has no index. `failure` tells whether it could."""
        for timer in self._timers:
            self._node.destroy_timer(timer)
        for subscription in self._subscriptions.values():
            if subscription is not None:
                self._node.destroy_subscription(subscription)
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except OSError as error:
                self._fail(error)

    @property
    def subscribed(self) -> set[str]:
        """Topics that are being recorded."""
        return {topic for topic, value in self._subscriptions.items() if value is not None}

    @property
    def missing(self) -> list[str]:
        """Topics asked for that nobody publishes, or that cannot be recorded."""
        return sorted(self._wanted - self.subscribed)

    def _discover(self) -> None:
        for topic, types in self._node.get_topic_names_and_types():
            if topic in self._subscriptions:
                continue
            if topic not in self._wanted if self._wanted else topic in HOUSEKEEPING:
                continue
            publishers = self._node.get_publishers_info_by_topic(topic)
            if publishers:
                self._subscriptions[topic] = self._subscribe(topic, types, publishers)

    def _subscribe(self, topic: str, types: list[str], publishers):
        try:
            if len(types) > 1:
                raise Humans4dError(f"it has several types: {', '.join(types)}")
            message_type = message_class(types[0])
            register_installed_type(self._types, types[0])
        except Humans4dError as error:
            self.notes.append(f"{topic} is not recorded: {error}")
            return None
        # What every publisher offers, so that all of them match.
        profiles = [publisher.qos_profile for publisher in publishers]
        reliable = all(p.reliability == ReliabilityPolicy.RELIABLE for p in profiles)
        latched = all(p.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in profiles)
        quality = QoSProfile(
            depth=LATCHED_QUEUE_DEPTH if latched else QUEUE_DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )
        stamp = StampReader(types[0])

        def on_data(data: bytes) -> None:
            if self.failure:
                return
            log_ns = time.time_ns() if self._log_time is None else self._log_time(stamp(data))
            try:
                self._write(topic, types[0], quality, log_ns, data)
            except OSError as error:
                self._fail(error)
                return
            self.counts[topic] += 1
            if self._on_message is not None:
                self._on_message(topic, log_ns, data)

        return self._node.create_subscription(message_type, topic, on_data, quality, raw=True)

    def _write(self, topic: str, kind: str, quality: QoSProfile, log_ns: int, data: bytes) -> None:
        if self._writer is None:
            writer = BagWriter(self._bag)
            writer.open()
            self._writer = writer
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, kind, typestore=self._types, offered_qos_profiles=[_bag_quality(quality)]
            )
        self._writer.write(self._connections[topic], log_ns, data)

    def _flush(self) -> None:
        if self._writer is None or self.failure:
            return
        try:
            self._writer.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.failure = self.failure or (
            f"cannot write bag {self._bag}: {error.strerror or error}; what was written before "
            "can be read"
        )


def _check_place(bag: Path) -> None:
    """Raises InputFileError where no bag can be made."""
    if bag.exists() or bag.is_symlink():
        raise InputFileError(f"{bag} exists already: choose another name, or remove it")
    above = next(folder for folder in bag.absolute().parents if folder.exists())
    if not above.is_dir():
        raise InputFileError(f"cannot write bag {bag}: {above} is no folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputFileError(f"cannot write bag {bag}: {above} may not be written to")


def register_installed_type(store: Typestore, type_name: str) -> None:
    """Register a message type and all it is made of from the .msg files of installed packages."""
    if type_name in store.types:
        return
    package, _, name = type_name.split("/")
    try:
        text = (Path(get_package_share_directory(package)) / "msg" / f"{name}.msg").read_text()
    except (PackageNotFoundError, OSError):
        raise Humans4dError(f"the definition of {type_name} is not installed") from None
    definitions = get_types_from_msg(text, type_name)
    for _, fields in definitions.values():
        for _, (_, detail) in fields:
            # Arrays and sequences hold their element's description in the first place.
            while not isinstance(detail, str) and not isinstance(detail[0], str):
                _, detail = detail[0]
            if isinstance(detail, str) and "/" in detail:
                register_installed_type(store, detail)
    store.register(definitions)


def _bag_quality(quality: QoSProfile) -> Qos:
    is_reliable = quality.reliability == ReliabilityPolicy.RELIABLE
    is_latched = quality.durability == DurabilityPolicy.TRANSIENT_LOCAL
    unset = QosTime(0, 0)
    return Qos(
        QosHistory.KEEP_LAST,
        quality.depth,
        QosReliability.RELIABLE if is_reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if is_latched else QosDurability.VOLATILE,
        unset,
        unset,
        QosLiveliness.AUTOMATIC,
        unset,
        False,
    )


def unless_writing(node: Node) -> OnError:
    """What others send is logged; a bag that cannot be written ends the recording."""
    log = CallbackLog(node.get_logger())

    def on_error(where: str, error: Exception) -> None:
        if isinstance(error, (OSError, Humans4dError)):
            raise error
        log(where, error)

    return on_error


def _take_what_waits(executor: GuardedExecutor, recorder: BagRecorder) -> None:
    """Record what had arrived before the end; topics that never pause do not hold it up."""
    end, quiet = time.monotonic() + LAST_SECONDS, 0
    while quiet < QUIET_ROUNDS and time.monotonic() < end and not recorder.failure:
        before = recorder.counts.total()
        executor.spin_once(timeout_sec=0.0)
        quiet = 0 if recorder.counts.total() > before else quiet + 1


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit status."""
    parser = argparse.ArgumentParser(
        "bag_recorder", description="Record topics into a rosbag2 (mcap) until interrupted."
    )
    parser.add_argument("bag", type=Path, help="folder to make")
    parser.add_argument("--topic", action="append", default=[], help="repeatable; none means all")
    parser.add_argument("--seconds", type=float, help="stop after this time")
    # Launch files add ROS's own arguments, which rclpy reads.
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(remove_ros_args(given))

    def program() -> int:
        with stop_on_signals() as stop, ros_node("bag_recorder") as node:
            recorder = BagRecorder(node, options.bag, options.topic)
            executor = GuardedExecutor(unless_writing(node), context=node.context)
            executor.add_node(node)
            end = time.monotonic() + (float("inf") if options.seconds is None else options.seconds)
            try:
                while not stop.is_set() and time.monotonic() < end and not recorder.failure:
                    executor.spin_once(timeout_sec=0.1)
                _take_what_waits(executor, recorder)
            finally:
                executor.shutdown()
                recorder.close()
            for note in recorder.notes:
                print(note, file=sys.stderr)
            if recorder.missing:
                print(f"nobody published {', '.join(recorder.missing)}", file=sys.stderr)
            counts = ", ".join(f"{topic} {n}" for topic, n in sorted(recorder.counts.items()))
            if counts:
                print(f"recorded {recorder.counts.total()} messages in {options.bag}: {counts}")
            else:
                print(f"nothing arrived: there is no bag {options.bag}")
            if recorder.failure:
                print(f"error: {recorder.failure}", file=sys.stderr)
                return 1
        return 0

    return run_program(program)


if __name__ == "__main__":
    sys.exit(main())
