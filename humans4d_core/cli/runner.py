"""Source -> pipeline -> result files: the main job without ROS."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from ..drawing.overlay_video import OverlayWriter
from ..errors import Humans4dError
from ..io import (
    BoxCount,
    MotBoxes,
    MotWriter,
    PeopleCount,
    PeopleWriter,
    SideOutput,
    SmoothedMotWriter,
    Source,
    StageTimes,
    versions,
    write_summary,
)
from ..pipeline import Pipeline, Result
from ..types import Camera, Frame


@dataclass(frozen=True)
class Outputs:
    """Where a run leaves its results."""

    folder: Path
    overlay: bool = True  #: whether overlay.mp4 is made
    mot: Path | None = None  #: tracks in MOT format: people seen in the images
    mot_predicted: Path | None = None  #: those, and who is predicted
    mot_smoothed: Path | None = None  #: those, filled and smoothed afterwards
    privacy: str = "none"  #: what is done to the overlay's images: one of config.privacy.PRIVACY

    @property
    def people_path(self) -> Path:
        return self.folder / "people.jsonl"

    @property
    def summary_path(self) -> Path:
        return self.folder / "summary.json"

    @property
    def overlay_path(self) -> Path | None:
        return self.folder / "overlay.mp4" if self.overlay else None

    @property
    def paths(self) -> list[Path]:
        """Every file that will be written."""
        paths = (
            self.overlay_path,
            self.people_path,
            self.mot,
            self.mot_predicted,
            self.mot_smoothed,
            self.summary_path,
        )
        return [path for path in paths if path is not None]

    def prepare(self, inputs: list[Path]) -> None:
        """Make the folder and see that it can be written, before any model is loaded.

        Raises Humans4dError, also where an output would overwrite one of the inputs.
        """
        read = {path.resolve() for path in inputs}
        for path in self.paths:
            if path.resolve() in read:
                raise Humans4dError(f"{path} is read and would be overwritten: choose another -o")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.paths:
                existed = path.exists()
                # A FIFO that nobody reads would block.
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
                os.close(os.open(path, flags, 0o666))
                if not existed:
                    path.unlink()
        except OSError as error:
            raise Humans4dError(f"cannot write to {error.filename}: {error.strerror}") from None

    def remove_old(self) -> None:
        """What an earlier run left must not be taken for this one's."""
        for path in (self.overlay_path, self.summary_path):
            if path is not None and path.is_file():
                path.unlink()


def run(
    source: Source,
    pipeline: Pipeline,
    outputs: Outputs,
    boxes: MotBoxes | None = None,
    max_frames: int | None = None,
    on_frame: Callable[[], None] = lambda: None,
    on_result: Callable[[Frame, Result], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict:
    """Process a source to its end, write the files, and return the summary (summary.json).

    boxes: used instead of the detector's. max_frames: counts images that can be read. on_frame:
    called after each frame. on_result: hears what each frame became, late ones too. should_stop:
    asked before each frame; a stopped run leaves complete files of what it did.

    people.jsonl and summary.json are the result: Humans4dError where they cannot be written. An
    overlay or file of tracks that fails is given up, with a note.
    """
    start = time.perf_counter()
    times, count, box_count = StageTimes(), PeopleCount(), BoxCount()
    camera: Camera | None = None
    interrupted, late = False, 0
    faces = pipeline.recovery.body.faces
    side_outputs: list[SideOutput] = []
    outputs.remove_old()
    with ExitStack() as stack:
        people_file = stack.enter_context(PeopleWriter(outputs.people_path))

        def beside(path: Path, open_writer: Callable) -> SideOutput:
            side_outputs.append(stack.enter_context(SideOutput(path, open_writer)))
            return side_outputs[-1]

        video = None
        mot_files = [
            beside(path, partial(writer, path))
            for path, writer in (
                (outputs.mot, MotWriter),
                (outputs.mot_predicted, partial(MotWriter, with_predicted=True)),
                (outputs.mot_smoothed, SmoothedMotWriter),
            )
            if path
        ]
        if overlay := outputs.overlay_path:
            rate = source.frame_rate
            video = beside(overlay, partial(OverlayWriter, overlay, rate, faces, outputs.privacy))
        for frame in islice(_timed(source, times), max_frames):
            if camera is not None and not _is_same_size(frame.camera, camera):
                _begin_anew(source, pipeline, camera, frame.camera)
            camera = frame.camera
            result = pipeline.process(frame, None if boxes is None else boxes[frame.number])
            if on_result is not None:
                on_result(frame, result)
            if result.is_late:
                late += 1
            else:
                times.add(result.seconds)
                people = result.people
                count.add(people)
                box_count.add(result.boxes_without_body, result.boxes_left_out)
                line = (frame.number, frame.stamp_ns, people, result.up_cam)
                with times.measure("write"):
                    _write_first(people_file, line, side_outputs)
                    for mot_file in mot_files:
                        mot_file.write(frame, people)
                if video:
                    with times.measure("overlay"):
                        video.write(frame, people)
            on_frame()
            interrupted = should_stop()
            if interrupted:
                break
    source.notes += [note for output in side_outputs for note in output.notes]
    seconds = time.perf_counter() - start
    summary = {
        "input": {
            "path": str(source.path),
            "kind": source.kind,
            "frame_rate": round(source.frame_rate, 4),
            "frames_announced": source.frame_count,
            "frames_skipped": source.skipped,
            "notes": source.notes,
        },
        "camera": {"origin": source.camera_origin, **(asdict(camera) if camera else {})},
        "detector": pipeline.detector.name if boxes is None else None,
        "boxes": None if boxes is None else {"used": boxes.count, "skipped": boxes.skipped},
        "recovery": pipeline.recovery.name,
        "recovery_description": pipeline.recovery.description,
        "body_model": pipeline.recovery.body.name,
        "frames": count.frames,
        "frames_late": late,
        **count.as_dict(),
        **box_count.as_dict(),
        "interrupted": interrupted,
        "failed_outputs": [str(output.path) for output in side_outputs if output.has_failed],
        "seconds": round(seconds, 3),
        "frames_per_second": round(count.frames / seconds, 2),
        "seconds_per_stage": times.as_dict(),
        "versions": versions(),
    }
    write_summary(outputs.summary_path, summary)
    return summary


def _write_first(people_file: PeopleWriter, line: tuple, side_outputs: list[SideOutput]) -> None:
    """The result comes first: where the disk is full, side outputs make room for it."""
    while True:
        try:
            return people_file.write(*line)
        except Humans4dError as error:
            if not any(output.give_up(error) for output in reversed(side_outputs)):
                raise


def _is_same_size(camera: Camera, other: Camera) -> bool:
    return (camera.width, camera.height) == (other.width, other.height)


def _begin_anew(source: Source, pipeline: Pipeline, before: Camera, now: Camera) -> None:
    """Boxes of images of another size say nothing about where people are now."""
    pipeline.reset()
    note = "images change size: tracks begin anew there, each size has a camera of its own"
    if not any(said.startswith(note) for said in source.notes):
        source.notes.append(
            f"{note}, first from {before.width}x{before.height} to {now.width}x{now.height}"
        )


def _timed(source: Source, times: StageTimes) -> Iterator[Frame]:
    frames = iter(source)
    while True:
        start = time.perf_counter()
        frame = next(frames, None)
        if frame is None:
            return
        times.add({"read": time.perf_counter() - start})
        yield frame
