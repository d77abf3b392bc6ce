"""The whole way on real input: bag -> node in a process of its own -> recorded people -> pictures.

The player stands in for the camera driver, so it stamps images with the time of their publication;
latencies are then what a robot would see. Player and recorder run in this process, the node in
its own; all talk over DDS.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import threading
from pathlib import Path

from rich.console import Console

from humans4d_core.config import DetectorConfig, RecoveryConfig
from humans4d_core.detection import DETECTOR_NAMES, check_detector
from humans4d_core.errors import Humans4dError
from humans4d_core.io import summary_table, versions, write_summary
from humans4d_core.recovery import RECOVERY_NAMES
from humans4d_core.shown_text import shown

from ...process.ros_session import run_program, stop_on_signals
from .demo_input import DemoInput, Interrupted, prepare_input
from .demo_progress import progress
from .demo_replay import NodeFailed, Replay, replay
from .demo_report import Report, write_results

INTERRUPTED = 130


def run_demo(options: argparse.Namespace, console: Console, stop: threading.Event) -> None:
    """Everything; raises Humans4dError, NodeFailed, or Interrupted when `stop` is set."""
    source = prepare_input(options, options.cache, stop, console.print)
    output = options.output
    _make_room(output)
    played = replay(source, options, console, stop)
    with progress(console, "Drawing the overlay", played.frames) as update:
        report = write_results(source, output, played.frames, played.shift_ns, stop, update)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    summary = _summary(source, played, report)
    write_summary(output / "summary.json", summary)
    console.print(summary_table("humans4d demo", _table_rows(summary, output)))
    if not report.processed:
        raise NodeFailed(f"no image was processed; the node's log: {output / 'node.log'}")


def _make_room(output: Path) -> None:
    """Remove what an earlier demo left, and nothing else."""
    recording = output / "recording"
    names = ("overlay.mp4", "people.jsonl", "summary.json", "node.log", "view.log")
    files = [output / name for name in names]
    try:
        output.mkdir(parents=True, exist_ok=True)
        for file in (*files, recording / "metadata.yaml", recording / "recording.mcap"):
            file.unlink(missing_ok=True)
        if recording.exists():
            recording.rmdir()
    except OSError as error:
        raise Humans4dError(f"cannot make room in {output}: {error.strerror}") from None


def _summary(source: DemoInput, played: Replay, report: Report) -> dict:
    return {
        "input": source.name,
        "made_by": report.made_by,
        "frames": {
            "in": played.frames,
            "processed": report.processed,
            "dropped": played.frames - report.processed,
        },
        "people": report.people.as_dict(),
        "replay_seconds": round(played.seconds, 3),
        "processed_per_second": round(report.processed / max(played.seconds, 1e-9), 3),
        # Images are stamped when they are published; receipt is in the recorder.
        "seconds": report.times.as_dict(),
        "player_latest_seconds": round(played.latest_seconds, 6),
        "recorded_messages": played.recorded,
        "node_exit_code": played.node_exit_code,
        "versions": versions(),
    }


def _table_rows(summary: dict, output: Path) -> list[tuple[str, str]]:
    frames, people, seconds = summary["frames"], summary["people"], summary["seconds"]

    def path(name: str) -> str:
        return os.path.relpath(output / name)

    def milliseconds(stage: str) -> str:
        values = seconds.get(stage)
        if values is None:
            return "unknown"
        return f"{values['p50'] * 1e3:.0f} / {values['p95'] * 1e3:.0f} ms"

    images = f"{frames['in']} in, {frames['processed']} processed, {frames['dropped']} dropped"
    count = f"{people['people']} people, {people['ids']} ids"
    rate = summary["processed_per_second"]
    stages = (f"{stage} {milliseconds(stage)}" for stage in ("detect", "recover", "track"))
    return [
        ("input", summary["input"]),
        ("made by", summary["made_by"] or "nobody"),
        ("images", images),
        ("people", f"{count}, at most {people['most_at_once']} at once"),
        ("rate", f"{rate:.1f} images/s in {summary['replay_seconds']:.0f} s"),
        ("latency p50 / p95", f"{milliseconds('stamp_to_publish')} from stamp to publication"),
        ("of it", ", ".join(stages)),
        ("video", path("overlay.mp4")),
        ("recording", f"{path('recording')} (people, TF, markers, body model, diagnostics)"),
        ("figures", f"{path('people.jsonl')}, {path('summary.json')}"),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; the exit status."""
    parser = argparse.ArgumentParser("run demo", description=__doc__.splitlines()[0])
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--video", type=Path, metavar="FILE", help="your own video")
    given.add_argument("--bag", type=Path, metavar="DIR", help="your own rosbag2")
    given.add_argument("--camera", type=int, metavar="INDEX", help="record this camera first")
    parser.add_argument("--topic", help="the image topic of a bag with several")
    parser.add_argument("--fps", type=float, help="frames a second of the video")
    parser.add_argument("--fov", type=float, help="the camera's horizontal field of view, degrees")
    parser.add_argument("--seconds", type=_positive, help="only that much of the input")
    parser.add_argument(
        "--detector", default=DetectorConfig().name, help=f"{', '.join(DETECTOR_NAMES)}."
    )
    parser.add_argument("--recovery", default=RecoveryConfig().name, choices=RECOVERY_NAMES)
    parser.add_argument("--view", action="store_true", help="people in 3D in the browser meanwhile")
    parser.add_argument("--output", type=Path, default=Path("out/demo"), metavar="DIR")
    parser.add_argument("--cache", type=Path, default=Path(".cache/demo"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    # Written to a file, nothing is cut into lines of a terminal's width.
    width = None if sys.stdout.isatty() else 200
    console = Console(highlight=False, soft_wrap=True, width=width)

    def program() -> int:
        with stop_on_signals() as stop:
            try:
                check_detector(options.detector)
                run_demo(options, console, stop)
            except (Interrupted, Humans4dError) as error:
                # What else fails once the user wants to leave is no news.
                if not stop.is_set():
                    raise error
                console.print("Interrupted.")
                return INTERRUPTED
            except NodeFailed as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
            except OSError as error:  # a full disk, above all
                file = shown(error.filename or options.output)
                reason = error.strerror or error
                print(f"error: cannot write {file}: {reason}", file=sys.stderr)
                return 1
        return 0

    return run_program(program)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


if __name__ == "__main__":
    sys.exit(main())
