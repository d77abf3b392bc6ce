"""humans4d export-motion: a person's motion out of a run, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from .view import BodyOption, PeopleTopicOption, recording_of


def export_motion(
    run: Annotated[
        Path,
        typer.Argument(
            help="Folder that `humans4d run` has written, or a bag of published people.",
            metavar="RUN_OR_BAG",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the files.", show_default=False)
    ],
    file_format: Annotated[
        str, typer.Option("--format", help="npz (as AMASS has it), bvh or glb.", metavar="FORMAT")
    ] = "npz",
    person: Annotated[
        list[int] | None,
        typer.Option(help="person_id; may be repeated. [default: everybody]", show_default=False),
    ] = None,
    longest_gap: Annotated[
        float, typer.Option(min=0.0, help="Seconds out of sight that are filled; longer ones cut.")
    ] = 1.0,
    fps: Annotated[
        float | None,
        typer.Option(min=0.1, max=240.0, help="Frames a second. [default: the run's own]"),
    ] = None,
    body: BodyOption = None,
    topic: PeopleTopicOption = None,
) -> None:
    """People's motion out of a recording: poses over time as npz, BVH or animated glTF.

    The world has its floor under the person's feet (z up in npz, y up in BVH and glTF). A person
    who was out of sight for long makes several files.
    """
    from ..viewer.motion_export import motions_of, write_bvh, write_glb_motion, write_npz

    writers = {"npz": write_npz, "bvh": write_bvh, "glb": write_glb_motion}
    if file_format not in writers:
        raise Humans4dError(f"--format {shown(file_format)}: give one of {', '.join(writers)}")
    recording, _ = recording_of(run, topic, body)
    output.mkdir(parents=True, exist_ok=True)
    count = 0
    for person_id in person or sorted(recording.people):
        try:
            motions = motions_of(recording, person_id, longest_gap, fps)
        except Humans4dError as error:
            if person:  # who was asked for
                raise
            typer.echo(f"note: {shown(error, 1000)}", err=True)
            continue
        for number, motion in enumerate(motions, 1):
            part = f"_{number}" if len(motions) > 1 else ""
            path = output / f"person_{person_id}{part}.{file_format}"
            writers[file_format](path, motion)
            count += 1
            typer.echo(
                f"{shown(path, 1000)}: {len(motion.rotations)} frames at {motion.frame_rate:g}/s "
                f"from {motion.first_second:.2f} s on"
            )
    if not count:
        raise Humans4dError("nobody was seen long enough to move")
