"""The node at a bag's pace: what `humans4d evaluate live` runs."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from pathlib import Path

from rclpy.utilities import remove_ros_args

from humans4d_core.embedded_models import SHA256
from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation.results.fingerprints import fingerprint
from humans4d_core.io import versions
from humans4d_core.shown_text import shown

from ...process.ros_session import run_program, use_large_message_profile
from .live_run import run_live
from .peak_rate import MOST_LOST, find_peak
from .process_use import cpu_name, gpu_use


def evaluate_live(options: argparse.Namespace) -> dict:
    """All runs and what they were made on."""
    use_large_message_profile()
    parameters = [word for text in options.set for word in ("-p", text.replace("=", ":=", 1))]
    if options.config is not None:
        parameters = ["--params-file", str(options.config), *parameters]

    def measure(rate: float) -> dict:
        figures = run_live(
            options.bag, options.topic, options.fov, rate, options.seconds, parameters
        )
        _tell(figures)
        return figures

    result: dict[str, object] = {
        "bag": str(options.bag.resolve()),
        "bag_fingerprint": fingerprint(options.bag),
        "machine": {"processor": cpu_name(), "cores": os.cpu_count(), "gpu": gpu_use(),
                    "kernel": platform.release()},
        "ros_distro": os.environ.get("ROS_DISTRO", "from wheels"),
        "middleware": os.environ.get("RMW_IMPLEMENTATION", "default"),
        "versions": versions(),
        "models": SHA256,
        "parameters": parameters,
    }  # fmt: skip
    if options.find_peak:
        peak, runs = find_peak(measure)
        result["peak_rate"], result["most_lost"] = peak, MOST_LOST
        print(f"peak: {'none' if peak is None else f'{peak:.2f} times the recorded pace'}")
    else:
        runs = [measure(options.rate) for _ in range(options.runs)]
    return {**result, "runs": runs}


def _tell(figures: dict) -> None:
    images = figures["images"]
    latency = figures.get("latency_ms_steady") or {}
    words = ", ".join(f"{name} {value} ms" for name, value in latency.items())
    print(
        f"rate {figures['rate']:.3g}: {images['processed']} of {images['sent']} images, "
        f"{images['dropped_by_dds']} lost by DDS, {images['dropped_by_mailbox']} dropped; latency "
        f"{words or 'unknown'}; {figures['cpu_cores']} cores, {figures['memory_mb_peak']:.0f} MB",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: measured; 2: not."""
    parser = argparse.ArgumentParser("humans4d evaluate live", description=__doc__.splitlines()[0])
    parser.add_argument("bag", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--topic")
    parser.add_argument("--fov", type=float)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--find-peak", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--config", type=Path)
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(remove_ros_args(given))

    def program() -> int:
        if not options.bag.exists():
            raise InputFileError(f"{shown(options.bag)} does not exist")
        if unusable := [text for text in options.set if "=" not in text]:
            raise InputFileError(f"--set {shown(unusable[0])}: give NAME=VALUE")
        result = evaluate_live(options)
        if options.output is not None:
            try:
                options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
            except OSError as error:
                raise Humans4dError(
                    f"cannot write {shown(options.output)}: {error.strerror}"
                ) from None
        return 0

    return run_program(program)


if __name__ == "__main__":
    sys.exit(main())
