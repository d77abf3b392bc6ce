"""humans4d run: people of a video, image folder or bag, into files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from .interrupts import INTERRUPTED, stop_on_interrupt
from .setting_options import (
    ConfigOption,
    DepthTopicOption,
    FixedFrameOption,
    FovOption,
    GroundFrameOption,
    IntrinsicsOption,
    PrivacyOption,
    SetOption,
    option,
    pipeline_config,
)
from .view import HostOption, PortOption

if TYPE_CHECKING:
    from ..io import CameraChoice, CompanionChoice, Source


def run(
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Folder for overlay.mp4, people.jsonl, summary.json.",
            show_default=False,
        ),
    ],
    input: Annotated[
        Path | None,
        typer.Argument(
            help="Video, folder of images, or rosbag2 (folder, .mcap, .db3).", show_default=False
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            help="A camera instead, live: index, /dev/videoN or rtsp://..., until Ctrl-C.",
            metavar="CAMERA",
            show_default=False,
        ),
    ] = None,
    detector: Annotated[str | None, option("detector")] = None,
    recovery: Annotated[str | None, option("recovery")] = None,
    checkpoint: Annotated[Path | None, option("checkpoint")] = None,
    device: Annotated[str | None, option("device")] = None,
    engine: Annotated[str | None, option("engine")] = None,
    tracker: Annotated[str | None, option("tracking", "--tracker")] = None,
    pose_predictor: Annotated[Path | None, option("pose_predictor")] = None,
    threads: Annotated[int | None, option("threads")] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(help="Boxes in MOT format (frame,id,x,y,w,h,score), instead of a detector."),
    ] = None,
    mot: Annotated[
        Path | None,
        typer.Option(help="Also write who is seen and confirmed here, in MOT format."),
    ] = None,
    mot_predicted: Annotated[
        Path | None,
        typer.Option(help="The same with those out of sight whose place is known."),
    ] = None,
    mot_smoothed: Annotated[
        Path | None,
        typer.Option(help="The same, looked at afterwards: gaps filled, boxes smoothed."),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of a video or folder, for the stamps.")
    ] = None,
    fov: FovOption = None,
    intrinsics: IntrinsicsOption = None,
    topic: Annotated[
        str | None, typer.Option(help="Image topic of a bag that has several.")
    ] = None,
    fixed_frame: FixedFrameOption = None,
    ground_frame: GroundFrameOption = None,
    depth_topic: DepthTopicOption = None,
    max_people: Annotated[int | None, option("max_people")] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many frames that could be read.")
    ] = None,
    no_overlay: Annotated[bool, typer.Option("--no-overlay", help="Make no overlay.mp4.")] = False,
    privacy: PrivacyOption = "none",
    view: Annotated[
        bool, typer.Option("--view", help="Show it in 3D in the browser while it runs.")
    ] = False,
    view_host: HostOption = "127.0.0.1",
    view_port: PortOption = None,
    changes: SetOption = None,
    config_file: ConfigOption = None,
) -> None:
    """People of a video, image folder or bag, into files."""
    from rich.console import Console

    from ..detection import GivenBoxes, check_detector
    from ..drawing import warm_up
    from ..io import CameraChoice, CompanionChoice, read_mot
    from ..pipeline import create_pipeline
    from ..viewer import LiveView, show_result
    from .runner import Outputs
    from .runner import run as run_source

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    config = pipeline_config(
        config_file,
        changes or (),
        detector=detector,
        recovery=recovery,
        checkpoint=checkpoint,
        device=device,
        engine=engine,
        tracking=tracker,
        pose_predictor=pose_predictor,
        threads=threads,
        max_people=max_people,
    )
    given_boxes = None if boxes is None else read_mot(boxes)
    outputs = Outputs(output, not no_overlay, mot, mot_predicted, mot_smoothed, privacy)
    choice = CameraChoice.from_text(fov, intrinsics)
    companions = CompanionChoice(fixed_frame or "", ground_frame or "", depth_topic or "")
    if (input is None) == (camera is None):
        raise Humans4dError("give one input: INPUT, or --camera for a camera that is there now")
    if camera is not None and (boxes is not None or fps is not None or topic is not None):
        raise Humans4dError("--boxes, --fps and --topic are of files: leave them out with --camera")
    with _opened(input, camera, choice, fps, topic, companions) as source:
        if not choice.is_given and source.kind != "bag":
            source.notes.append(
                f"camera unknown, {source.camera_origin}: metres are only as good as that guess, "
                "--fov or --intrinsics sets it"
            )
        check_detector(config.detector.name)
        pipeline = create_pipeline(config, detector=None if given_boxes is None else GivenBoxes())
        warm_up()
        outputs.prepare([path for path in (input, boxes) if path])
        print(f"recovery: {shown(pipeline.recovery.description, 1000)}", flush=True)
        total = min(filter(None, (source.frame_count, max_frames)), default=None)
        with ExitStack() as stack:
            on_result = None
            if view:
                live = stack.enter_context(
                    LiveView(pipeline.recovery.body.faces, view_host, view_port)
                )
                errors.print(f"view: {live.address}")
                on_result = partial(show_result, live, pipeline, privacy=privacy)
            stopped = stack.enter_context(stop_on_interrupt())
            on_frame = stack.enter_context(progress_bar(errors, total))
            summary = run_source(
                source, pipeline, outputs, given_boxes, max_frames, on_frame, on_result, stopped
            )
        if source.kind == "images" and not summary["people"] and summary["frames"] > 1:
            source.notes.append(
                "nobody was confirmed: if these are photographs and no film, `humans4d photos` "
                "takes them one by one"
            )
        for note in source.notes:
            errors.print(f"note: {shown(note, 1000)}", markup=False)
    _print_result(summary, outputs)
    if summary["interrupted"]:
        raise typer.Exit(INTERRUPTED)


def _opened(
    input: Path | None,
    camera: str | None,
    choice: CameraChoice,
    fps: float | None,
    topic: str | None,
    companions: CompanionChoice,
) -> Source:
    from ..io import LiveCamera, open_source

    if camera is not None:
        return LiveCamera(camera, choice)
    assert input is not None  # one of both is there
    return open_source(input, choice, fps, topic, companions)


@contextmanager
def progress_bar(console, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, nothing elsewhere; yields the call that a frame is done."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("frames", total=total, rate="")

        def advance() -> None:
            bar.advance(task)
            speed = bar.tasks[0].speed
            if speed:
                bar.update(task, rate=f"{speed:.1f}/s")

        yield advance


def _nothing_made_of(summary: dict) -> str:
    """Boxes of which no body was made, in words."""
    without_body, left_out = summary["boxes_without_body"], summary["boxes_left_out"]
    words = [f"{without_body} sure boxes that show no body"] if without_body else []
    words += [f"{left_out} boxes beyond --max-people"] if left_out else []
    return f"{', '.join(words)}, in {summary['frames_with_such_boxes']} frames"


def _print_result(summary: dict, outputs) -> None:
    from rich.console import Console

    from ..io import summary_table

    frames = f"{summary['frames']} processed"
    if summary["input"]["frames_announced"]:
        frames += f" of {summary['input']['frames_announced']}"
    if summary["input"]["frames_skipped"]:
        why = "had no time" if summary["input"]["kind"] == "camera" else "could not be read"
        frames += f", {summary['input']['frames_skipped']} {why}"
    if summary["frames_late"]:
        frames += f", {summary['frames_late']} left out: not later than the one before"
    rows = [
        ("frames", frames),
        (
            "people",
            f"{summary['people']} ({summary['ids']} ids), at most {summary['most_at_once']} at "
            f"once, in {summary['frames_with_people']} frames",
        ),
        ("made by", f"{summary['detector'] or 'given boxes'} + {summary['recovery']}"),
        ("camera", summary["camera"]["origin"]),
        ("rate", f"{summary['frames_per_second']:g} frames/s"),
    ]
    if summary["boxes"]:
        used, skipped = summary["boxes"]["used"], summary["boxes"]["skipped"]
        rows.append(("boxes", f"{used} given, {skipped} unusable ones skipped"))
    if summary["frames_with_such_boxes"]:
        rows.append(("nothing made of", _nothing_made_of(summary)))
    for stage, values in summary["seconds_per_stage"].items():
        rows.append((stage, f"{values['p50'] * 1e3:.1f} ms p50, {values['p95'] * 1e3:.1f} ms p95"))
    title = "interrupted" if summary["interrupted"] else "done"
    Console(highlight=False).print(summary_table(title, rows))
    # Outside of the table, where a long path is not folded and can be copied.
    written = [p for p in map(str, outputs.paths) if p not in summary["failed_outputs"]]
    typer.echo("written: " + "\n         ".join(shown(path, 4096) for path in written))
