"""humans4d view: what a run has recorded, in 3D in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..shown_text import shown
from .interrupts import stop_on_interrupt

HostOption = Annotated[
    str,
    typer.Option(
        "--view-host", help="Address that the view listens at; 0.0.0.0: everybody may look."
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option("--view-port", help="Port of the view. [default: first free one from 8080 on]"),
]


BodyOption = Annotated[
    Path | None,
    typer.Option(
        "--body", help="Body file (SMPL's .pkl or .npz) of a run that did not use the free body."
    ),
]


def view(
    run: Annotated[
        Path,
        typer.Argument(help="Folder that `humans4d run` has written.", show_default=False),
    ],
    body: BodyOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
) -> None:
    """What a run has recorded, in 3D in the browser, until Ctrl-C."""
    from ..viewer import LiveView
    from ..viewer.playback import Playback
    from ..viewer.recording import open_recording

    recording, note = open_recording(run, body)
    if note:
        typer.echo(f"note: {shown(note, 1000)}", err=True)
    with LiveView(recording.faces, host, port) as live, stop_on_interrupt() as stopped:
        typer.echo(f"view: {live.address} (Ctrl-C ends it)")
        Playback(recording, live).run(stopped)
