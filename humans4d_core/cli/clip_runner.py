"""One clip of an evaluation: exact, every image in its order, into the clip's tables."""

from __future__ import annotations

import importlib
import multiprocessing
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..config import PipelineConfig
from ..detection import GivenBoxes
from ..errors import Humans4dError
from ..evaluation.association.imageless_source import ImagelessSource, is_imageless
from ..evaluation.association.published_rows import box_pipeline
from ..evaluation.results.evaluation_folder import Clip, EvaluationFolder
from ..evaluation.results.image_table import ImageTableWriter
from ..evaluation.results.people_table import FORECAST_SECONDS, PeopleTableWriter
from ..evaluation.results.tables import Columns, TableWriter
from ..io import CameraChoice, CompanionChoice, open_source, read_mot
from ..io.source import Source
from ..photos import photo_pipeline
from ..pipeline import Pipeline, Result, create_pipeline
from ..shown_text import shown
from ..types import Frame, TrackState
from .runner import Outputs, run

STAGES = ("detect", "recover", "track")
_TIMES: Columns = {"frame": (np.int32, ()), **{name: (np.float32, ()) for name in STAGES}}


@dataclass(frozen=True)
class ClipOptions:
    """By what all clips are read."""

    camera: CameraChoice
    topic: str | None = None
    companions: CompanionChoice = CompanionChoice()
    max_frames: int | None = None
    photographs: bool = False  #: every image by itself


class _Tables:
    """The clip's tables, filled image by image."""

    def __init__(
        self,
        folder: Path,
        pipeline: Pipeline,
        source: Source,
        options: ClipOptions,
        stack: ExitStack,
    ):
        self._pipeline, self._alone = pipeline, options.photographs
        self._names = [path.name for path in getattr(source, "paths", ())]
        self._people = stack.enter_context(PeopleTableWriter(folder / "tracks.parquet"))
        self._images = stack.enter_context(ImageTableWriter(folder / "images.parquet"))
        self._times = stack.enter_context(TableWriter(folder / "times.parquet", _TIMES))
        self._bag = None
        if bag_class := people_bag_class():
            body, detector = pipeline.recovery.body, pipeline.detector.name
            self._bag = stack.enter_context(
                bag_class(folder / "people", body, detector, options.companions.fixed_frame)
            )

    def add(self, frame: Frame, result: Result) -> None:
        self._images.write(
            frame, result.up_cam, result.is_late, result.boxes_without_body, result.boxes_left_out,
            self._names[frame.number - 1] if self._names else "",
        )  # fmt: skip
        if result.is_late:
            return
        people, forecast = result.people, None
        if self._alone:  # but for those whom the reset before has ended
            people = people.select(people.states == TrackState.CONFIRMED)
        elif len(people):
            forecast = self._pipeline.tracker.forecast(FORECAST_SECONDS)
        self._people.write(frame.number, frame.stamp_ns, people, forecast)
        seconds = {name: np.array([result.seconds[name]]) for name in STAGES}
        self._times.write({"frame": np.array([frame.number]), **seconds})
        if self._bag is not None:
            self._bag.write(frame, result)
        if self._alone:
            self._pipeline.reset()


def people_bag_class() -> Any | None:
    """Who writes people as a node publishes them: the ROS package, where one is sourced.

    It is named and not imported: nothing in this package needs it.
    """
    try:
        return importlib.import_module("humans4d_ros.replay.people_bag").PeopleBag
    except ImportError:
        return None


def run_clip(
    clip: Clip, folder: EvaluationFolder, config: PipelineConfig, options: ClipOptions
) -> dict:
    """Run one clip, put it into its folder, and return its summary.

    Raises Humans4dError where it cannot be read; what was begun stays under another name.
    """
    boxes = None if clip.boxes is None else read_mot(Path(clip.boxes))
    place = folder.unfinished(clip.name)
    shutil.rmtree(place, ignore_errors=True)  # of an attempt that was ended
    with _open(clip, options) as source:
        if options.photographs:
            source.notes.clear()  # they are about films
        pipeline = _pipeline(config, source, boxes is not None, options.photographs)
        outputs = Outputs(place, overlay=False, mot=place / "tracks.txt")
        outputs.prepare([])
        with ExitStack() as stack:
            tables = _Tables(place, pipeline, source, options, stack)
            summary = run(source, pipeline, outputs, boxes, options.max_frames,
                          on_result=tables.add)  # fmt: skip
    folder.finish(clip.name)
    return summary


def _open(clip: Clip, options: ClipOptions) -> Source:
    if is_imageless(Path(clip.input)):
        return ImagelessSource(Path(clip.input), options.camera, clip.frame_rate)
    rate = clip.frame_rate or (1.0 if options.photographs else None)
    return open_source(clip.input, options.camera, rate, options.topic, options.companions)


def _pipeline(
    config: PipelineConfig, source: Source, boxes_are_given: bool, photographs: bool
) -> Pipeline:
    if source.kind == ImagelessSource.kind:
        return box_pipeline(config)
    if photographs:
        return photo_pipeline(config, None, boxes_are_given, is_numbered_on=True)
    return create_pipeline(config, detector=GivenBoxes() if boxes_are_given else None)


def run_clips(
    clips: Sequence[Clip],
    folder: EvaluationFolder,
    config: PipelineConfig,
    options: ClipOptions,
    processes: int,
    tell: Callable[[str, str], None],
) -> dict[str, str]:
    """Run all clips, some at once; name -> why it failed, of those that did.

    tell: hears a clip's name and what came of it. A process that dies fails its clip alone.
    """
    if processes < 2 or len(clips) < 2:
        failures = {}
        for clip in clips:
            problem = attempt(clip, folder, config, options)
            if problem:
                failures[clip.name] = problem
            tell(clip.name, problem or "done")
        return failures
    return _side_by_side(clips, folder, config, options, processes, tell)


def attempt(
    clip: Clip, folder: EvaluationFolder, config: PipelineConfig, options: ClipOptions
) -> str:
    """Why a clip failed; "" where it did not."""
    try:
        run_clip(clip, folder, config, options)
    except Humans4dError as error:
        return str(error)
    except OSError as error:
        return shown(error, 1000)
    return ""


def _attempt_aside(connection, *arguments) -> None:
    connection.send(attempt(*arguments))
    connection.close()


def _side_by_side(clips, folder, config, options, processes, tell) -> dict[str, str]:
    context = multiprocessing.get_context("spawn")  # threads of networks do not survive a fork
    waiting, failures = list(clips), {}
    running: dict[str, tuple[Any, Any]] = {}  # a process and its end of the pipe
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                clip = waiting.pop(0)
                mine, theirs = context.Pipe(duplex=False)
                process = context.Process(
                    target=_attempt_aside, args=(theirs, clip, folder, config, options)
                )
                process.start()
                theirs.close()
                running[clip.name] = process, mine
            for name, (process, connection) in list(running.items()):
                if process.is_alive() and not connection.poll():
                    continue
                problem = _said(process, connection)
                if problem:
                    failures[name] = problem
                tell(name, problem or "done")
                del running[name]
            time.sleep(0.05)
    finally:
        for process, _ in running.values():
            process.kill()
    return failures


def _said(process, connection) -> str:
    try:
        problem = str(connection.recv())
    except EOFError:
        process.join()
        problem = f"its process ended with exit code {process.exitcode}"
    process.join()
    return problem
