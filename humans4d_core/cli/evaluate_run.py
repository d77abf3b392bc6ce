"""humans4d evaluate run and score: people of recordings into tables, figures and a report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Humans4dError
from ..shown_text import shown
from .setting_options import (
    ConfigOption,
    DepthTopicOption,
    FixedFrameOption,
    FovOption,
    GroundFrameOption,
    IntrinsicsOption,
    SetOption,
    pipeline_config,
)
from .tables import number, print_table

if TYPE_CHECKING:
    from ..evaluation.criteria import Criterion
    from ..evaluation.results.evaluation_folder import EvaluationFolder
    from ..evaluation.scores.figures import Figure
    from ..evaluation.truth import TruthOptions

TruthFormatOption = Annotated[
    str | None,
    typer.Option(help="Of the truth, where its file does not tell: mot, kitti, jrdb, run, "
                 "pose2sim, h36m, 3dhp, 3dpw, emdb, tum, topic.", show_default=False),
]  # fmt: skip
ToleranceOption = Annotated[
    float | None,
    typer.Option(help="Seconds between an image and a true stamp, at most. [default: 0.05]",
                 show_default=False),
]  # fmt: skip
TruthFrameOption = Annotated[
    str | None,
    typer.Option(help="What true places with stamps are relative to: camera, or fixed.",
                 show_default=False),
]  # fmt: skip
CameraInTruthOption = Annotated[
    str | None,
    typer.Option(help="The camera in the truth's frame, where it stands: x,y,z,qx,qy,qz,qw.",
                 metavar="NUMBERS", show_default=False),
]  # fmt: skip
TruthBodyOption = Annotated[
    Path | None,
    typer.Option(help="SMPL's body, or a folder of them by gender, for truths that are SMPL's "
                 "parameters.", metavar="FILE_OR_FOLDER", show_default=False),
]  # fmt: skip
SelfCheckOption = Annotated[
    bool,
    typer.Option("--self-check", help="Print every figure that needs no truth, in one table."),
]
#: What `run` prints; scores.json has them all.
_SHOWN = (
    "image.HOTA", "image.MOTA", "image.IDF1", "image.switches", "ground.HOTA", "ground.OSPA",
    "found", "position_error.p50", "position_error.p95", "velocity_error.p50", "coverage.95",
    "NEES", "forecast.1s.FDE", "time_to_confirmation.p50", "id_life.mean", "false_people",
    "lost_in_sight", "MPJPE.mean", "PA-MPJPE.mean", "PVE.mean", "MPJAE.mean",
    "heading_error.p50",
    "self.id_churn", "self.bone_change.p50", "self.jitter.p50",
)  # fmt: skip


def run(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Videos, folders of images, rosbag2, sequences of MOT Challenge, or folders of "
            "those.",
            metavar="INPUT...",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the evaluation.", show_default=False)
    ],
    truth: Annotated[
        list[str] | None,
        typer.Option(help="True people, once an input, in their order.", show_default=False),
    ] = None,
    truth_format: TruthFormatOption = None,
    tolerance: ToleranceOption = None,
    truth_frame: TruthFrameOption = None,
    camera_in_truth: CameraInTruthOption = None,
    truth_body: TruthBodyOption = None,
    boxes: Annotated[
        list[Path] | None,
        typer.Option(help="Boxes in MOT format instead of a detector, once an input.",
                     show_default=False),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second of videos and folders, for the stamps.")
    ] = None,
    fov: FovOption = None,
    intrinsics: IntrinsicsOption = None,
    topic: Annotated[
        str | None, typer.Option(help="Image topic of bags that have several.")
    ] = None,
    fixed_frame: FixedFrameOption = None,
    ground_frame: GroundFrameOption = None,
    depth_topic: DepthTopicOption = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Only so many images of each input.")
    ] = None,
    photographs: Annotated[
        bool,
        typer.Option("--photographs", help="Images of folders show one moment each: everybody who "
                     "is found counts, nobody is tracked."),
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Inputs that are run at once.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(help="Run inputs on the Ray cluster at this address instead.",
                     metavar="ADDRESS", show_default=False),
    ] = None,
    criteria: Annotated[
        Path | None,
        typer.Option(help="YAML file of bounds; exit code 1 where one is not met.",
                     show_default=False),
    ] = None,
    self_check: SelfCheckOption = False,
    changes: SetOption = None,
    config_file: ConfigOption = None,
) -> None:  # fmt: skip
    """Run recordings exactly, image by image, and score what came out.

    A run that was ended goes on where it was: what is finished is kept.
    """
    from ..config import SETTINGS
    from ..evaluation.inputs import clips_of, find_inputs
    from ..evaluation.results.evaluation_folder import EvaluationFolder, Plan
    from ..evaluation.results.tables import require_pyarrow
    from ..io import CameraChoice, CompanionChoice
    from .clip_runner import ClipOptions, run_clips
    from .ray_clips import run_on_ray

    require_pyarrow()
    truth_options = _truth_options(
        truth_format, tolerance, truth_frame, camera_in_truth, truth_body
    )
    config = pipeline_config(config_file, changes or ())
    bounds = _criteria(criteria)
    clips = clips_of(find_inputs(inputs), truth or (), boxes or (), fps)
    companions = CompanionChoice(fixed_frame or "", ground_frame or "", depth_topic or "")
    options = ClipOptions(CameraChoice.from_text(fov, intrinsics), topic, companions, max_frames,
                          photographs)  # fmt: skip
    plan = Plan(
        {name: config.value(name) for name in SETTINGS},
        {
            "camera": options.camera.origin,
            "fov_degrees": fov,
            "intrinsics": intrinsics,
            "topic": topic,
            "max_frames": max_frames,
            "photographs": photographs,
            **asdict(companions),
        },
        tuple(clips),
    )
    folder = EvaluationFolder(output)
    missing = folder.begin(plan)
    if len(missing) < len(clips):
        typer.echo(f"{len(clips) - len(missing)} of {len(clips)} clips are finished already")

    def tell(name: str, news: str) -> None:
        typer.echo(f"{shown(name)}: {shown(news, 1000)}")

    if ray is not None and missing:
        failures = run_on_ray(missing, folder, config, options, ray, tell)
    else:
        failures = run_clips(missing, folder, config, options, jobs, tell)
    if len(failures) < len(clips):
        _score(folder, truth_options, bounds, self_check)
    if failures:
        raise Humans4dError(
            f"{len(failures)} of {len(clips)} clips failed: "
            + "; ".join(f"{name}: {why}" for name, why in failures.items())
        )


def score(
    folder: Annotated[
        Path, typer.Argument(help="Folder of `humans4d evaluate run`.", show_default=False)
    ],
    truth_format: TruthFormatOption = None,
    tolerance: ToleranceOption = None,
    truth_frame: TruthFrameOption = None,
    camera_in_truth: CameraInTruthOption = None,
    truth_body: TruthBodyOption = None,
    criteria: Annotated[
        Path | None,
        typer.Option(help="YAML file of bounds; exit code 1 where one is not met.",
                     show_default=False),
    ] = None,
    self_check: SelfCheckOption = False,
) -> None:  # fmt: skip
    """Compute figures and report again, without running anything."""
    from ..evaluation.results.evaluation_folder import EvaluationFolder

    options = _truth_options(truth_format, tolerance, truth_frame, camera_in_truth, truth_body)
    _score(EvaluationFolder(folder), options, _criteria(criteria), self_check)


def _score(
    folder: EvaluationFolder, options: TruthOptions, criteria: list[Criterion], self_check: bool
) -> None:
    from ..evaluation.criteria import judge, write_junit
    from ..evaluation.report.page import write_report
    from ..evaluation.scores.error_rows import write_errors
    from ..evaluation.scores.scoring import score

    scores = score(folder, options)
    folder.write_json("scores.json", scores.as_dict())
    if scores.errors is not None:
        write_errors(folder.path / "errors.parquet", [scores.errors])
    for note in scores.notes:
        typer.echo(f"note: {shown(note, 1000)}", err=True)
    print_figures([
        f for f in scores.figures
        if f.where == "all" and (f.name in _SHOWN or (self_check and f.name.startswith("self.")))
    ])  # fmt: skip
    verdicts = judge(criteria, scores.figures, scores.by_clip)
    write_report(folder, scores, verdicts)
    typer.echo(f"report: {shown(folder.path / 'report.html', 4096)}")
    if criteria:
        write_junit(folder.path / "criteria.xml", verdicts)
        print_table(
            ["criterion", "met", "why not"],
            [[v.criterion.title, "yes" if v.is_met else "no", v.problem] for v in verdicts],
            ("criterion", "met", "why not"),
        )
        if not all(verdict.is_met for verdict in verdicts):
            raise typer.Exit(1)


def _truth_options(
    format: str | None,
    tolerance: float | None,
    frame: str | None,
    camera: str | None,
    bodies: Path | None,
) -> TruthOptions:
    from ..evaluation.truth import FORMATS, TruthOptions

    if format is not None and format not in FORMATS:
        raise Humans4dError(f"truth format '{shown(format)}' is not one of {', '.join(FORMATS)}")
    return TruthOptions.from_text(format, tolerance, frame, camera, bodies)


def print_figures(figures: list[Figure]) -> None:
    """A line a figure, with its interval."""
    rows = [
        [f.name, f.where, number(f.value), f.unit,
         "" if f.low is None else f"{number(f.low)} to {number(f.high)}", str(f.count)]
        for f in figures
    ]  # fmt: skip
    print_table(
        ["figure", "of", "value", "unit", "95 % interval", "count"], rows,
        ("figure", "of", "unit", "95 % interval"),
    )  # fmt: skip


def _criteria(path: Path | None) -> list[Criterion]:
    from ..evaluation.criteria import read_criteria

    return [] if path is None else read_criteria(path)
