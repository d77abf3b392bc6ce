"""A tracker by name, for the bodies that it will see."""

from __future__ import annotations

from pathlib import Path

from ..body import BodyModel, Surface
from ..config import TrackerConfig
from ..errors import Humans4dError
from .appearance import Clothes
from .people_tracker import PeopleTracker
from .phalp import PhalpConfig, PhalpTracker
from .tracker import Tracker

TRACKER_NAMES = ("default", "phalp-costs")
DEFAULT_TRACKER = "default"


def create_tracker(
    name: str = DEFAULT_TRACKER,
    config: TrackerConfig = TrackerConfig(),  # noqa: B008 (frozen)
    body: BodyModel | None = None,
    pose_predictor: Path | None = None,
) -> PeopleTracker:
    """The tracker called `name`: our own, or one with PHALP's costs, predictions and life cycle as
    published, which counts frames.

    config: of our own; the other has its constants but for start_score and use_appearance. body:
    whose surface carries the clothes' colours. pose_predictor: weights of PHALP's, with the
    original's mean_std.npy beside them; without, it expects a person's last pose again.
    Raises Humans4dError for an unknown name, ModelFileError for weights that cannot be used.
    """
    if name not in TRACKER_NAMES:
        raise Humans4dError(
            f"no tracker is called '{name}': choose from {', '.join(TRACKER_NAMES)}"
        )
    surface = None if body is None else Surface.of_body(body)
    if name == "default":
        if pose_predictor is not None:
            raise Humans4dError("a pose predictor is PHALP's: choose the tracker phalp-costs")
        return Tracker(config, surface)
    # The published .8 and 50x100 px are of another detector and of people who are close.
    published = PhalpConfig(min_score=config.start_score, min_box_px=(0, 0))
    clothes = Clothes(surface, config.appearance) if surface and config.use_appearance else None
    predictor = None
    if pose_predictor is not None:
        from .phalp.pose_predictor_checkpoint import load_pose_predictor

        beside = pose_predictor.with_name("mean_std.npy")
        predictor = load_pose_predictor(pose_predictor, beside if beside.is_file() else None)
    return PhalpTracker(published, clothes, predictor)
