"""Replay a bag into the node, which runs in a process of its own, and record what comes out."""

from __future__ import annotations

import math
import re
import subprocess
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from humans4d_core.io import BagSource

from ...process.child_programs import end_program, last_words, program_of_ours
from ...process.ros_session import ros_node, use_large_message_profile
from ..bag_player import BagPlayer
from ..bag_recorder import BagRecorder
from ..node_arguments import node_arguments_for, topics_of
from ..recording import recording, settle
from .demo_input import DemoInput, Interrupted
from .demo_progress import progress
from .demo_report import BODY_MODEL, PEOPLE

RECORDED = (PEOPLE, BODY_MODEL, "/humans4d/markers", "/tf", "/diagnostics")
#: Loading and warming up models, on a slow machine that compiles for the first time.
READY_SECONDS = 300.0


class NodeFailed(Exception):
    """The node or the recorder did not do its work; the sentence says why."""


@dataclass(frozen=True)
class Replay:
    """What happened while the bag was replayed."""

    frames: int  #: images played
    seconds: float  #: from the first to the last
    shift_ns: int  #: stamps on the air minus stamps in the bag
    latest_seconds: float  #: how late the player was at worst
    recorded: dict[str, int]  #: messages by topic
    node_exit_code: int


def replay(
    source: DemoInput, options: Namespace, console: Console, stop: threading.Event
) -> Replay:
    """Play the whole input, or `options.seconds` of it, into options.output / "recording".

    Raises NodeFailed, or Interrupted when `stop` is set.
    """
    with source.frames() as images:
        image_topic, info_topic, total = images.topic, images.camera_info_topic, images.frame_count
        arguments = _node_arguments(source, options, images)
        if options.seconds is not None:
            total = min(total, math.ceil(options.seconds * images.frame_rate))
        console.print(
            f"Input: {source.name}, {total} images at {images.frame_rate:.3g} per second, "
            f"{images.camera_origin}"
        )
    use_large_message_profile()
    topics = [topic for topic in (image_topic, info_topic) if topic is not None]
    log = options.output / "node.log"
    with (
        ros_node("humans4d_demo") as ros,
        BagPlayer(ros, source.bag, topics, restamp=True) as player,
        recording("humans4d_demo_recorder", options.output / "recording", RECORDED) as recorder,
        program_of_ours("node", arguments, log) as process,
        _view(options, images, console, stop),
    ):
        with console.status("Starting the node: it loads and warms up its models"):
            _wait_until_ready(process, log, player, topics, recorder, stop)
        start = time.monotonic()
        with (
            progress(console, "Replaying the bag", total) as update,
            ThreadPoolExecutor(1) as pool,
        ):
            playing = pool.submit(player.play, stop, options.seconds or math.inf)
            while not wait([playing], timeout=0.1).done:
                if process.poll() is not None:
                    stop.set()
                    raise NodeFailed(f"the node ended during the replay: {last_words(log)}")
                if recorder.failure:
                    stop.set()
                    raise NodeFailed(recorder.failure)
                update(player.played[image_topic], f"{recorder.counts[PEOPLE]} people messages")
            playing.result()
            seconds = time.monotonic() - start
            settle(player.played[image_topic], recorder, PEOPLE, stop)
            update(player.played[image_topic], f"{recorder.counts[PEOPLE]} people messages")
        if stop.is_set():
            raise Interrupted
        exit_code = end_program(process)
        return Replay(
            frames=player.played[image_topic],
            seconds=seconds,
            shift_ns=player.stamp_shift_ns,
            latest_seconds=player.latest_seconds,
            recorded=dict(recorder.counts),
            node_exit_code=exit_code,
        )


def _node_arguments(source: DemoInput, options: Namespace, images: BagSource) -> list[str]:
    arguments = ["--ros-args", "-p", f"detector:={options.detector}"]
    arguments += ["-p", f"recovery:={options.recovery}", *node_arguments_for(images)]
    if images.camera_info_topic is None:
        arguments += ["-p", f"horizontal_fov:={math.radians(source.camera.fov_degrees)}"]
    return arguments


@contextmanager
def _view(
    options: Namespace, images: BagSource, console: Console, stop: threading.Event
) -> Iterator[None]:
    """The view in the browser where it is wanted, from when it says its address."""
    if not options.view:
        yield
        return
    log = options.output / "view.log"
    with program_of_ours("view", ["--ros-args", *topics_of(images)], log) as process:
        while not (address := re.search(r"view: (http://\S+)", log.read_text(errors="replace"))):
            if process.poll() is not None:
                raise NodeFailed(f"the view ended before it was ready: {last_words(log)}")
            if stop.wait(0.05):
                raise Interrupted
        console.print(f"View: {address[1]}")
        yield


def _wait_until_ready(
    process: subprocess.Popen,
    log: Path,
    player: BagPlayer,
    topics: list[str],
    recorder: BagRecorder,
    stop: threading.Event,
) -> None:
    """Until the node listens, and its latched body model has shown that the recorder hears it."""
    end = time.monotonic() + READY_SECONDS
    while player.wait_for_subscribers(topics, 0.2, stop) or not recorder.counts[BODY_MODEL]:
        if stop.wait(0.02):
            raise Interrupted
        if recorder.failure:
            raise NodeFailed(recorder.failure)
        if process.poll() is not None:
            raise NodeFailed(f"the node ended before it was ready: {last_words(log)}")
        if time.monotonic() > end:
            raise NodeFailed(f"the node was not ready after {READY_SECONDS:g} s: {last_words(log)}")
