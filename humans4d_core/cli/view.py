"""humans4d view: what a run has recorded, in 3D in the browser."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from .interrupts import stop_on_interrupt

if TYPE_CHECKING:
    from ..viewer.recording import Recording

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


PeopleTopicOption = Annotated[
    str | None, typer.Option("--topic", help="Topic of the people, of a bag that has several.")
]


def recording_of(run: Path, topic: str | None, body: Path | None) -> tuple[Recording, str]:
    """What a folder or bag holds, and a note on what of it cannot be shown ("": nothing)."""
    from ..io.bags.bag_messages import is_bag
    from ..viewer.bag_recording import open_bag_recording
    from ..viewer.recording import open_recording

    if is_bag(run):
        return open_bag_recording(run, topic, body)
    if topic is not None:
        raise Humans4dError(f"{shown(run)} is no bag and has no topics: leave out --topic")
    return open_recording(run, body)


def view(
    run: Annotated[
        Path,
        typer.Argument(
            help="Folder that `humans4d run` has written, or a bag of published people.",
            metavar="RUN_OR_BAG",
            show_default=False,
        ),
    ],
    body: BodyOption = None,
    topic: PeopleTopicOption = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Write one HTML file that plays anywhere, and show nothing.",
            metavar="FILE.html",
            show_default=False,
        ),
    ] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
) -> None:
    """What was recorded, in 3D in the browser, until Ctrl-C."""
    from ..viewer import LiveView
    from ..viewer.playback import Playback

    recording, note = recording_of(run, topic, body)
    if note:
        typer.echo(f"note: {shown(note, 1000)}", err=True)
    if save is not None:
        from ..viewer.scene_file import write_scene

        tell = partial(typer.echo, err=True)
        count = write_scene(recording, save, lambda news: tell(f"note: {shown(news, 1000)}"))
        size = save.stat().st_size / 1e6
        typer.echo(f"{shown(save, 1000)}: {count} images, {size:.1f} MB")
        return
    with LiveView(recording.faces, host, port) as live, stop_on_interrupt() as stopped:
        typer.echo(f"view: {live.address} (Ctrl-C ends it)")
        Playback(recording, live).run(stopped)
