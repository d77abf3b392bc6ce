"""humans4d evaluate live: the real node at a bag's pace; the ROS package does it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from .setting_options import SetOption

MODULE = "humans4d_ros.replay.live.evaluate_live"


def live(
    bag: Annotated[Path, typer.Argument(help="rosbag2 with the camera's images.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="JSON file of all figures.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Image topic of a bag that has several.")
    ] = None,
    fov: Annotated[
        float | None, typer.Option(help="Horizontal field of view, degrees, without CameraInfo.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="Times the recorded pace.")] = 1.0,
    runs: Annotated[int, typer.Option(min=1, help="How often it is played.")] = 1,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Only the beginning of the bag.")
    ] = None,
    peak: Annotated[
        bool,
        typer.Option("--find-peak", help="Find the highest rate with less than 5 % lost."),
    ] = False,
    changes: SetOption = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Parameter file of the node.")
    ] = None,
) -> None:  # fmt: skip
    """Latency, losses, processor and memory of the node as on the robot: over DDS, at pace."""
    if importlib.util.find_spec("humans4d_ros") is None:
        raise Humans4dError(
            "the ROS package is not sourced: `./run build` once, then `./run humans4d evaluate "
            "live`, or source the workspace"
        )
    command = [sys.executable, "-m", MODULE, str(bag), "--rate", str(rate), "--runs", str(runs)]
    for name, value in (
        ("--output", output), ("--topic", topic), ("--fov", fov), ("--seconds", seconds),
        ("--config", config_file),
    ):  # fmt: skip
        command += [] if value is None else [name, str(value)]
    command += ["--find-peak"] if peak else []
    command += [word for text in changes or () for word in ("--set", text)]
    code = subprocess.run(command).returncode
    if code:
        raise typer.Exit(code)
