"""All figures of an evaluation: of the people of its clips, and of the truth where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputFileError
from ..results.evaluation_folder import EvaluationFolder
from ..results.image_table import ImageRows, read_images
from ..results.people_table import PeopleRows, read_bodies, read_people
from ..truth import TruthOptions, read_truth
from .body_figures import body_errors, body_figures
from .error_rows import ErrorRows, error_rows, join_errors
from .figures import Figure
from .forecast_figures import forecast_figures
from .identity import identity_counts, identity_figures, ospa_figure
from .life_figures import life_figures
from .pose_figures import pose_figures, pose_rows
from .position_figures import position_figures, recall_figures
from .scene import Scene
from .self_check import self_check_figures


@dataclass(frozen=True)
class ScoredClip:
    """What is known of one clip."""

    name: str
    images: ImageRows
    people: PeopleRows
    scene: Scene | None  #: None: it has no truth


@dataclass(frozen=True)
class Scores:
    """Of all clips together, and of each one that has a truth."""

    figures: list[Figure]
    by_clip: dict[str, list[Figure]]
    errors: ErrorRows | None  #: of all clips with a truth
    clips: list[ScoredClip]
    notes: list[str]

    def as_dict(self) -> dict:
        """For scores.json."""
        return {
            "figures": [figure.as_dict() for figure in self.figures],
            "clips": {
                name: [figure.as_dict() for figure in figures]
                for name, figures in self.by_clip.items()
            },
            "notes": self.notes,
        }


def score(folder: EvaluationFolder, options: TruthOptions) -> Scores:
    """Everything that can be told of the finished clips.

    Raises InputFileError where a truth cannot be read; Humans4dError where a library is missing.
    """
    options = replace(options, fixed_frame=folder.plan().options.get("fixed_frame") or "")
    clips, notes = [], []
    for clip in folder.finished_clips():
        images = read_images(folder.clip(clip.name) / "images.parquet")
        people = read_people(folder.clip(clip.name) / "tracks.parquet")
        told = folder.read_json(f"clips/{clip.name}/summary.json").get("input", {})
        notes += [f"{clip.name}: {note}" for note in told.get("notes", ())]
        scene = None
        if clip.truth is not None:
            truth = read_truth(Path(clip.truth), images, options)
            notes += [f"{clip.name}: {note}" for note in truth.notes]
            if not truth.rows.counts.any():
                notes.append(f"{clip.name}: the truth names nobody: everybody found is false")
            if truth.unmatched:
                notes.append(f"{clip.name}: {truth.unmatched} entries of the truth have no image")
            missing = len(images) - len(truth.frames)
            if missing:
                notes.append(f"{clip.name}: {missing} of {len(images)} images have no truth")
            if not len(truth.frames):
                raise InputFileError(
                    f"{clip.name}: no image has a truth within {options.tolerance:g} s: is it of "
                    "another clock, or another recording? (--tolerance)"
                )
            scene = Scene.of(clip.name, images, people, truth)
        clips.append(ScoredClip(clip.name, images, people, scene))
    figures, errors = _figures(clips)
    figures += _of_parameters(folder, clips, options, notes)
    by_clip = {}
    if len(clips) > 1:
        by_clip = {clip.name: _figures([clip])[0] for clip in clips}
    return Scores(figures, by_clip, errors, clips, notes)


def _figures(clips: list[ScoredClip]) -> tuple[list[Figure], ErrorRows | None]:
    scenes = [clip.scene for clip in clips if clip.scene is not None]
    figures: list[Figure] = []
    errors = None
    # First, while little else is in memory: it puts everybody's joints in order.
    checks = self_check_figures([(clip.images, clip.people) for clip in clips])
    if scenes:
        by_place = {scene.name: not scene.truth.has_boxes for scene in scenes}
        each = [error_rows(scene, by_place[scene.name]) for scene in scenes]
        errors = join_errors(each)
        with_boxes = [scene for scene in scenes if scene.truth.has_boxes]
        with_places = [scene for scene in scenes if scene.truth.has_places]
        if with_boxes:
            counts = {scene.name: identity_counts(scene, False) for scene in with_boxes}
            figures += identity_figures(counts, "image")
        if with_places:
            counts = {scene.name: identity_counts(scene, True) for scene in with_places}
            figures += [*identity_figures(counts, "ground"), ospa_figure(with_places)]
        figures += recall_figures(errors)
        figures += position_figures(errors)
        figures += forecast_figures(with_places, by_place)
        figures += life_figures(scenes, each, by_place)
        with_joints = [scene for scene in scenes if scene.truth.has_joints]
        if with_joints:
            figures += pose_figures(pose_rows(with_joints, by_place))
    return [*figures, *checks], errors


def _of_parameters(
    folder: EvaluationFolder, clips: list[ScoredClip], options: TruthOptions, notes: list[str]
) -> list[Figure]:
    """What SMPL's parameters of a truth tell of the published ones."""
    parts = []
    for number, clip in enumerate(clips):
        if clip.scene is None or not clip.scene.truth.has_rotations:
            continue
        place = f"clips/{clip.name}"
        model = folder.read_json(f"{place}/summary.json").get("body_model")
        if model != "smpl":
            notes.append(f"{clip.name}: no PVE, its bodies are of the model {model} and not SMPL")
        elif options.bodies is None:
            notes.append(f"{clip.name}: no PVE, --truth-body names SMPL's file or folder")
        bodies = read_bodies(folder.path / place / "tracks.parquet")
        by_place = not clip.scene.truth.has_boxes
        parts.append(body_errors(
            clip.scene, by_place, bodies, options.bodies, number, model == "smpl"
        ))  # fmt: skip
    return body_figures(parts) if parts else []
