"""humans4d photos: everybody in photographs, each image by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ..errors import Humans4dError
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
    from ..io.images.exif_camera import exif_camera, exif_origin
    from ..io.images.image_folder import ImageFolderSource
    from ..photos import PhotoResult, check_format, photo_pipeline, write_page, write_photo
    from ..types import TrackState

    config = pipeline_config(
        config_file, changes or (), detector=detector, recovery=recovery, checkpoint=checkpoint,
        device=device, threads=threads,
    )  # fmt: skip
    if meshes:
        check_format(meshes)
    given_boxes = None if boxes is None else read_mot(boxes)
    choice, sources, problems = CameraChoice.from_text(fov, intrinsics), [], []
    for path in inputs:
        try:
            sources.append(ImageFolderSource(path, choice))
        except Humans4dError as error:
            problems.append(str(error))
    if not sources:
        raise Humans4dError(problems[0])
    output.mkdir(parents=True, exist_ok=True)  # before any model is loaded
    pipeline = photo_pipeline(config, top, given_boxes is not None)
    warm_up()
    faces = pipeline.recovery.body.faces
    results: list[PhotoResult] = []
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    total = sum(source.frame_count or 0 for source in sources)
    with stop_on_interrupt() as stopped, progress_bar(errors, total) as advance:
        before, assumed = 0, 0
        for source in sources:
            for frame in source:
                if stopped():
                    break
                path, origin = source.paths[frame.number - 1], source.camera_origin
                if not choice.is_given:
                    told = exif_camera(path, frame.camera.width, frame.camera.height)
                    assumed += told is None
                    if told is not None:
                        frame, origin = replace(frame, camera=told), exif_origin(told)
                pipeline.reset()
                given = None if given_boxes is None else given_boxes[before + frame.number]
                people = pipeline.process(frame, given).people
                people = people.select(people.states == TrackState.CONFIRMED)
                stem = f"{len(results) + 1:04d}_{path.stem}"
                results.append(
                    write_photo(
                        output, stem, path.name, frame, people, faces, origin, meshes, privacy
                    )
                )
                advance()
            problems += source.unreadable
            before += len(source.paths)
        was_stopped = stopped()
    if assumed:
        problems.append(
            f"the cameras of {assumed} images are unknown, {choice.origin}: their metres are only "
            "as good as that guess"
        )
    page = write_page(output, results, problems)
    for problem in problems:
        errors.print(f"note: {shown(problem, 1000)}", markup=False)
    count = sum(len(result.people) for result in results)
    print(f"{count} people in {len(results)} images: {shown(page, 1000)}")
    if was_stopped:
        raise typer.Exit(INTERRUPTED)
