"""humans4d photos: everybody in photographs, each image by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..shown_text import shown
from .interrupts import INTERRUPTED, stop_on_interrupt
from .run import progress_bar
from .setting_options import (
    ConfigOption,
    FovOption,
    IntrinsicsOption,
    PrivacyOption,
    SetOption,
    option,
    pipeline_config,
)


def photos(
    inputs: Annotated[list[Path], typer.Argument(metavar="IMAGE_OR_FOLDER...", show_default=False)],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the results.", show_default=False)
    ],
    top: Annotated[
        int | None, typer.Option(min=1, help="Only the largest people of an image.")
    ] = None,
    meshes: Annotated[
        str, typer.Option(help="Also the meshes of each image: obj or glb.", metavar="FORMAT")
    ] = "",
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="Boxes in MOT format (image's number,id,x,y,w,h,score), instead of a detector."
        ),
    ] = None,
    detector: Annotated[str | None, option("detector")] = None,
    recovery: Annotated[str | None, option("recovery")] = None,
    checkpoint: Annotated[Path | None, option("checkpoint")] = None,
    device: Annotated[str | None, option("device")] = None,
    threads: Annotated[int | None, option("threads")] = None,
    privacy: PrivacyOption = "none",
    fov: FovOption = None,
    intrinsics: IntrinsicsOption = None,
    changes: SetOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Everybody in photographs: pictures, parameters, meshes and one page.

    Every image is taken by itself: nobody is tracked. An image that cannot be read is left out and
    named at the end.
    """
    from rich.console import Console

    from ..drawing import warm_up
    from ..io import CameraChoice, read_mot
    from ..photos import (
        PhotoResult,
        PhotoSource,
        check_format,
        people_of_photos,
        photo_pipeline,
        write_page,
        write_photo,
    )

    config = pipeline_config(
        config_file, changes or (), detector=detector, recovery=recovery, checkpoint=checkpoint,
        device=device, threads=threads,
    )  # fmt: skip
    if meshes:
        check_format(meshes)
    given_boxes = None if boxes is None else read_mot(boxes)
    source = PhotoSource(inputs, CameraChoice.from_text(fov, intrinsics), given_boxes)
    output.mkdir(parents=True, exist_ok=True)  # before any model is loaded
    pipeline = photo_pipeline(config, top, given_boxes is not None)
    warm_up()
    faces = pipeline.recovery.body.faces
    results: list[PhotoResult] = []
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    with stop_on_interrupt() as stopped, progress_bar(errors, len(source)) as advance:
        for photo, people in people_of_photos(pipeline, source):
            stem = f"{len(results) + 1:04d}_{photo.path.stem}"
            results.append(
                write_photo(
                    output, stem, photo.path.name, photo.frame, people, faces,
                    photo.camera_origin, meshes, privacy,
                )
            )  # fmt: skip
            advance()
            if stopped():
                break
        was_stopped = stopped()
    notes = source.notes
    page = write_page(output, results, notes)
    for note in notes:
        errors.print(f"note: {shown(note, 1000)}", markup=False)
    count = sum(len(result.people) for result in results)
    print(f"{count} people in {len(results)} images: {shown(page, 1000)}")
    if was_stopped:
        raise typer.Exit(INTERRUPTED)
