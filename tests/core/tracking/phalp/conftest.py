"""What the released tracker computed, cut down to what is compared, and a small pose predictor."""

import numpy as np
import pytest
import torch
from places import DATA

from humans4d_core.tracking.phalp.pose_predictor import PosePredictor
from humans4d_core.tracking.phalp.pose_transformer import PosePredictorConfig

SMALL = PosePredictorConfig(frame_length=20, width=16, encoder_width=8, depth=2, heads=2,
                            dim_head=4, mlp_dim=8, conv_stride=5, num_actions=3)  # fmt: skip


@pytest.fixture(scope="session")
def distances():
    """Of 5 tracks and 3 bodies; locations are x, y (padded square), camera translation, and
    intervals (x, y, factor of z)."""
    with np.load(DATA / "phalp_distances.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def scenario():
    """150 frames of 6 people: what was seen, and what four configurations made of it."""
    with np.load(DATA / "phalp_scenario.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def predictor() -> PosePredictor:
    torch.manual_seed(0)
    predictor = PosePredictor(SMALL).eval().requires_grad_(False)
    predictor.mean.normal_()
    predictor.std.uniform_(0.5, 1)
    return predictor


@pytest.fixture(scope="module")
def people() -> dict[str, torch.Tensor]:
    """Observations of four people whose timelines differ in gaps, length and begin."""
    generator = torch.Generator().manual_seed(1)
    times = torch.tensor([[0, 1, 2, 3], [7, 9, 10, 12], [100, 101, 0, 0], [5, 0, 6, 8]])
    valid = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 1]]).bool()
    return {
        "tokens": torch.randn(4, 4, 229, generator=generator),
        "valid": valid,
        "times": times,
        "at": torch.tensor([4, 20, 103, 9]),
    }
