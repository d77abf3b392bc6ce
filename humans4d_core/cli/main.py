"""humans4d: the command line.

A user's mistake is one sentence on stderr and exit code 2; Ctrl-C leaves complete files and exit
code 130. Heavy imports happen inside the commands: --help is instant.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from . import evaluate as cli_evaluate
from . import export as cli_export
from . import weights as cli_weights

app = typer.Typer(
    name="humans4d",
    help="People in 4D for robots: 3D body meshes with persistent ids from camera images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cli_evaluate.app, name="evaluate")
app.add_typer(cli_weights.app, name="weights")
app.command()(cli_export.export)

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """Entry of the `humans4d` command."""
    try:
        app()
    except Humans4dError as error:
        print(f"humans4d: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        # A full disk, a file that went away: the system's own words say it best.
        print(f"humans4d: {shown(error, 1000)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"humans4d {metadata.version('humans4d')}")
    except metadata.PackageNotFoundError:
        typer.echo("humans4d (run from its source, not installed)")
    raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def run(
    input: Annotated[
        Path,
        typer.Argument(
            help="Video, folder of images, or rosbag2 (folder, .mcap, .db3).", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Folder for overlay.mp4, people.jsonl, summary.json.",
            show_default=False,
        ),
    ],
    detector: Annotated[str, typer.Option(help="Who finds people.")] = "movenet",
    recovery: Annotated[str, typer.Option(help="Who makes bodies of them.")] = "auto",
    checkpoint: Annotated[
        Path | None, typer.Option(help="HMR 2.0's weights; otherwise searched for.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where HMR 2.0 runs: cuda, cpu; otherwise what is there.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(help="What runs HMR 2.0, as ENGINE[:PRECISION[:TOKENS]], see docs/hmr2.md."),
    ] = "auto",
    tracker: Annotated[
        str, typer.Option(help="Who follows them: default, phalp (as published).")
    ] = "default",
    pose_predictor: Annotated[
        Path | None, typer.Option(help="Weights of PHALP's pose predictor, for --tracker phalp.")
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(help="Boxes in MOT format (frame,id,x,y,w,h,score), instead of a detector."),
    ] = None,
    mot: Annotated[
        Path | None, typer.Option(help="Also write the confirmed tracks here, in MOT format.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of a video or folder, for the stamps.")
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(
            help="The camera's horizontal field of view, degrees: over the width of the images."
        ),
    ] = None,
    intrinsics: Annotated[
        str | None,
        typer.Option(
            help="The camera as fx,fy,cx,cy[,k1,k2,p1,p2,k3,...], pixels.", metavar="NUMBERS"
        ),
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Image topic of a bag that has several.")
    ] = None,
    max_people: Annotated[
        int,
        typer.Option(min=1, max=1000, help="Most people of a frame: the surest boxes are kept."),
    ] = 100,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many frames that could be read.")
    ] = None,
    no_overlay: Annotated[bool, typer.Option("--no-overlay", help="Make no overlay.mp4.")] = False,
) -> None:
    """People of a video, image folder or bag, into files."""
    from rich.console import Console

    from ..detection import GivenBoxes, check_detector
    from ..drawing import warm_up
    from ..io import CameraChoice, open_source, read_mot
    from ..pipeline import create_pipeline
    from ..tracking import TrackerConfig
    from .runner import Outputs
    from .runner import run as run_source

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    given_boxes = None if boxes is None else read_mot(boxes)
    outputs = Outputs(output, not no_overlay, mot)
    choice = CameraChoice.from_text(fov, intrinsics)
    with open_source(input, choice, fps, topic) as source:
        if not choice.is_given and source.kind != "bag":
            source.notes.append(
                f"camera unknown, {source.camera_origin}: metres are only as good as that guess, "
                "--fov or --intrinsics sets it"
            )
        config = None
        if given_boxes is not None:  # their scores are on the scale of whoever made them
            start = given_boxes.start_score
            config = TrackerConfig(start_score=start, continue_score=min(0.1, start))
        check_detector(detector)
        pipeline = create_pipeline(
            detector if given_boxes is None else GivenBoxes(given_boxes.start_score),
            recovery,
            tracker_config=config,
            checkpoint=checkpoint,
            device=device,
            engine=engine,
            tracker=tracker,
            pose_predictor=pose_predictor,
            max_people=max_people,
        )
        warm_up()
        outputs.prepare([path for path in (input, boxes) if path])
        print(f"recovery: {shown(pipeline.recovery.description, 1000)}", flush=True)
        total = min(filter(None, (source.frame_count, max_frames)), default=None)
        with _stop_on_interrupt() as stopped, _progress(errors, total) as on_frame:
            summary = run_source(
                source, pipeline, outputs, given_boxes, max_frames, on_frame, stopped
            )
        for note in source.notes:
            errors.print(f"note: {shown(note, 1000)}", markup=False)
    _print_result(summary, outputs)
    if summary["interrupted"]:
        raise typer.Exit(INTERRUPTED)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """What is installed, what is missing, how to get it."""
    from .doctor import examine

    checks = examine()
    if as_json:
        typer.echo(json.dumps([check.as_dict() for check in checks], indent=2))
    else:
        for check in checks:
            typer.echo(shown(check.line(), 2000))
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(1)


@contextmanager
def _stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C asks to stop after the frame, so that no file is cut off; the next kills."""
    stopped = False

    def stop(signal_number, stack_frame):
        nonlocal stopped
        stopped = True
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: stopped
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _progress(console, total: int | None) -> Iterator[Callable[[], None]]:
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
        frames += f", {summary['input']['frames_skipped']} could not be read"
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


if __name__ == "__main__":
    main()
