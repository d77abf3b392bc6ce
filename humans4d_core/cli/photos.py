"""humans4d photos: everybody in photographs, each image by itself."""

from __future__ import annotations

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
    meshes: Annotated[bool, typer.Option("--meshes", help="Also an .obj of each image.")] = False,
    detector: Annotated[str | None, option("detector")] = None,
    recovery: Annotated[str | None, option("recovery")] = None,
    checkpoint: Annotated[Path | None, option("checkpoint")] = None,
    device: Annotated[str | None, option("device")] = None,
    threads: Annotated[int | None, option("threads")] = None,
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
    from ..io import CameraChoice
    from ..io.images.image_folder import ImageFolderSource
    from ..photos import PhotoResult, photo_pipeline, write_page, write_photo
    from ..types import TrackState

    config = pipeline_config(
        config_file, changes or (), detector=detector, recovery=recovery, checkpoint=checkpoint,
        device=device, threads=threads,
    )  # fmt: skip
    choice, sources, problems = CameraChoice.from_text(fov, intrinsics), [], []
    for path in inputs:
        try:
            sources.append(ImageFolderSource(path, choice))
        except Humans4dError as error:
            problems.append(str(error))
    if not sources:
        raise Humans4dError(problems[0])
    output.mkdir(parents=True, exist_ok=True)  # before any model is loaded
    pipeline = photo_pipeline(config, top)
    warm_up()
    faces = pipeline.recovery.body.faces
    results: list[PhotoResult] = []
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    total = sum(source.frame_count or 0 for source in sources)
    with stop_on_interrupt() as stopped, progress_bar(errors, total) as advance:
        for source in sources:
            for frame in source:
                if stopped():
                    break
                pipeline.reset()
                people = pipeline.process(frame).people
                people = people.select(people.states == TrackState.CONFIRMED)
                name = source.paths[frame.number - 1].name
                stem = f"{len(results) + 1:04d}_{Path(name).stem}"
                results.append(write_photo(
                    output, stem, name, frame, people, faces, source.camera_origin, meshes
                ))  # fmt: skip
                advance()
            problems += source.unreadable
        was_stopped = stopped()
    if not choice.is_given:
        problems.append(f"cameras unknown, {choice.origin}: metres are only as good as that guess")
    page = write_page(output, results, problems)
    for problem in problems:
        errors.print(f"note: {shown(problem, 1000)}", markup=False)
    count = sum(len(result.people) for result in results)
    print(f"{count} people in {len(results)} images: {shown(page, 1000)}")
    if was_stopped:
        raise typer.Exit(INTERRUPTED)
