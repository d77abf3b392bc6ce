"""What the demo leaves behind: the overlay, people.jsonl and summary.json, out of the recording."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from ament_index_python.packages import get_package_share_directory

from humans4d_core.drawing.overlay_video import OverlayWriter
from humans4d_core.errors import InputFileError
from humans4d_core.io import (
    PeopleCount,
    PeopleWriter,
    SideOutput,
    StageTimes,
    message_typestore,
    read_messages,
)
from humans4d_core.io.bags.bag_messages import join_stamp
from humans4d_core.io.bags.people_messages import message_to_people
from humans4d_core.types import People

from .demo_input import DemoInput, Interrupted

PEOPLE, BODY_MODEL = "/humans4d/people", "/humans4d/body_model"


@dataclass
class Report:
    """Figures of a recording; times in seconds."""

    people: PeopleCount
    times: StageTimes
    frames: int = 0  #: images that were played
    processed: int = 0  #: of them, those that became a people message
    made_by: str = ""  #: detector, recovery and body model
    notes: list[str] = field(default_factory=list)  #: what could not be written


def write_results(
    source: DemoInput,
    output: Path,
    frames: int,
    shift_ns: int,
    stop: threading.Event,
    progress: Callable[[int, str], None],
) -> Report:
    """Pair recorded people with the images they came from; write overlay.mp4 and people.jsonl.

    output: folder with the recording. frames: how many images were played. shift_ns: recorded
    stamps minus the input's. progress(images done, note) is called after each image; Interrupted
    is raised when `stop` is set.
    """
    recording, overlay = output / "recording", output / "overlay.mp4"
    types = message_typestore(Path(get_package_share_directory("humans4d_msgs")))
    faces = _faces(recording, types)
    report = Report(PeopleCount(), StageTimes())
    messages = _people_messages(recording, types, shift_ns)
    stamp_ns, message = next(messages, (None, None))
    with (
        source.frames() as images,
        PeopleWriter(output / "people.jsonl") as people_file,
        SideOutput(overlay, lambda: OverlayWriter(overlay, images.frame_rate, faces)) as video,
    ):
        for frame in images:
            if stop.is_set():
                raise Interrupted
            if frame.number > frames:
                break
            report.frames = frame.number
            while stamp_ns is not None and stamp_ns < frame.stamp_ns:
                stamp_ns, message = next(messages, (None, None))
            people = None
            if stamp_ns == frame.stamp_ns:
                people = _people(message, shift_ns)
                people_file.write(report.frames, stamp_ns, people)
                report.people.add(people)
                report.processed += 1
                report.times.add(_seconds(message))
                report.made_by = f"{message.detector}, {message.recovery}, {message.body_model}"
            video.write(frame, people)
            progress(report.frames, "")
    report.notes = video.notes
    return report


def _people_messages(recording: Path, types, shift_ns: int) -> Iterator[tuple[int, object]]:
    for _, log_ns, message in read_messages(recording, [PEOPLE], types):
        stamp_ns = join_stamp(message.header.stamp)
        message.received_seconds = (log_ns - stamp_ns) * 1e-9
        yield stamp_ns - shift_ns, message


def _people(message, shift_ns: int) -> People:
    people = message_to_people(message)
    recovered_ns = people.last_recovered_ns
    return replace(
        people,
        last_seen_ns=people.last_seen_ns - shift_ns,
        last_recovered_ns=np.where(recovered_ns > 0, recovered_ns - shift_ns, 0),
    )


def _seconds(message) -> dict[str, float]:
    values = {
        "stamp_to_publish": message.latency_seconds,
        "stamp_to_receipt": message.received_seconds,
        "node": message.node_seconds,
        "detect": message.detect_seconds,
        "recover": message.recover_seconds,
        "track": message.track_seconds,
    }
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def _faces(recording: Path, types) -> np.ndarray:
    for _, _, message in read_messages(recording, [BODY_MODEL], types):
        return np.asarray(message.faces, np.int32).reshape(-1, 3)
    raise InputFileError(f"{recording} holds no {BODY_MODEL}: the node did not get ready")
