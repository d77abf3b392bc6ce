"""A tracker by name, for the bodies that it will see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..body import BodyModel, Surface
from ..errors import Humans4dError
from .appearance import Clothes
from .people_tracker import PeopleTracker
from .phalp import PhalpConfig, PhalpTracker
from .tracker import Tracker
from .tracker_config import TrackerConfig

TRACKER_NAMES = ("default", "phalp")
DEFAULT_TRACKER = "default"


def create_tracker(
    name: str = DEFAULT_TRACKER,
    config: TrackerConfig | None = None,
    body: BodyModel | None = None,
    start_score: float = 0.0,
    pose_predictor: Path | None = None,
) -> PeopleTracker:
    """The tracker called `name`: our own, or PHALP' as published, which counts frames.

    config: of our own; PHALP' has its constants. body: whose surface carries the clothes' colours.
    start_score: the detector's, where config leaves it at 0. pose_predictor: weights of PHALP's,
    with the original's mean_std.npy beside them; without, it expects a person's last pose again.
    Raises Humans4dError for an unknown name, ModelFileError for weights that cannot be used.
    """
    if name not in TRACKER_NAMES:
        raise Humans4dError(
            f"no tracker is called '{name}': choose from {', '.join(TRACKER_NAMES)}"
        )
    surface = None if body is None else Surface.of_body(body)
    config = config or TrackerConfig()
    if not config.start_score:
        config = replace(config, start_score=start_score)
    if name == "default":
        if pose_predictor is not None:
            raise Humans4dError("a pose predictor is PHALP's: choose the tracker phalp")
        return Tracker(config, surface)
    # The published .8 and 50x100 px are of another detector and of people who are close.
    published = PhalpConfig(min_score=config.start_score, min_box_px=(0, 0))
    clothes = Clothes(surface) if surface and config.use_appearance else None
    predictor = None
    if pose_predictor is not None:
        from .phalp.pose_predictor_checkpoint import load_pose_predictor

        beside = pose_predictor.with_name("mean_std.npy")
        predictor = load_pose_predictor(pose_predictor, beside if beside.is_file() else None)
    return PhalpTracker(published, clothes, predictor)
