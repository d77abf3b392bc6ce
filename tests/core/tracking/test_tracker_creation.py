import shutil
from pathlib import Path

import pytest

from humans4d_core.body import load_body
from humans4d_core.errors import Humans4dError, ModelFileError
from humans4d_core.tracking import Tracker, TrackerConfig
from humans4d_core.tracking.phalp import PhalpTracker
from humans4d_core.tracking.tracker_creation import create_tracker

MEAN_STD = "synthetic_smpl/mean_std.npy"


def test_the_default_sees_clothes_and_starts_from_the_score_of_its_configuration():
    tracker = create_tracker(config=TrackerConfig(start_score=0.4), body=load_body())
    assert isinstance(tracker, Tracker) and tracker.surface is not None
    assert tracker.config.start_score == 0.4
    blind = create_tracker(config=TrackerConfig(use_appearance=False), body=load_body())
    assert blind.surface is None


def test_phalp_is_there_by_name():
    assert isinstance(create_tracker("phalp-costs", TrackerConfig(start_score=0.4)), PhalpTracker)


def test_phalp_takes_a_predictor_with_the_spread_of_poses_beside_it(parity_folder, tmp_path):
    predictor = parity_folder / "phalp_pose_tiny.ckpt"
    parts = (predictor, predictor.with_suffix(".yaml"), predictor.parent / MEAN_STD)
    weights, *_ = (shutil.copy(part, tmp_path) for part in parts)
    with pytest.raises(ModelFileError, match=r"mean_std\.npy"):
        create_tracker("phalp-costs", pose_predictor=predictor)
    assert isinstance(create_tracker("phalp-costs", pose_predictor=Path(weights)), PhalpTracker)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"name": "nonsense"}, Humans4dError, "nonsense"),
        ({"pose_predictor": Path("x.ckpt")}, Humans4dError, "phalp"),
        ({"name": "phalp-costs", "pose_predictor": Path("no.ckpt")}, ModelFileError, "no.ckpt"),
    ],
)
def test_a_wrong_choice_is_one_sentence(options, error, told):
    with pytest.raises(error, match=told):
        create_tracker(**options)
