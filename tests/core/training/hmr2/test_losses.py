"""Losses of HMR 2.0 against the original's, and what they mean."""

import numpy as np
import pytest
import torch

from humans4d_core.geometry.rotations import axis_angle_to_matrix
from humans4d_core.training.hmr2.losses import (
    PELVIS_OF_44,
    LossWeights,
    discriminator_loss,
    generator_loss,
    keypoint_loss_2d,
    keypoint_loss_3d,
    parameter_loss,
    reduced,
)


def arrays(path):
    with np.load(path) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module")
def recorded(parity_folder):
    return arrays(parity_folder / "losses.npz")


@pytest.fixture(scope="module")
def trained(parity_folder):
    return arrays(parity_folder / "hmr2_outputs.npz")


def close(value, truth):
    return torch.testing.assert_close(value, truth, rtol=1e-5, atol=1e-5)


def test_each_loss_is_the_originals_sum(recorded):
    of_points = keypoint_loss_3d(recorded["pred3d"], recorded["gt3d"], PELVIS_OF_44)
    close(of_points.sum(), recorded["loss3d"])
    close(keypoint_loss_2d(recorded["pred2d"], recorded["gt2d"]).sum(), recorded["loss2d"])
    of_parameters = parameter_loss(
        recorded["param_pred"], recorded["param_gt"], recorded["param_has"]
    )
    close(of_parameters.sum(), recorded["loss_param"])


def test_all_terms_together_are_the_originals_total(trained):
    def rotations(name):
        return axis_angle_to_matrix(trained[f"gt_{name}"].unflatten(1, (-1, 3)))

    terms = {
        "keypoints_2d": keypoint_loss_2d(trained["pred_keypoints_2d"], trained["gt_keypoints_2d"]),
        "keypoints_3d": keypoint_loss_3d(
            trained["pred_keypoints_3d"], trained["gt_keypoints_3d"], PELVIS_OF_44
        ),
        "betas": parameter_loss(trained["pred_betas"], trained["gt_betas"], trained["has_betas"]),
    }
    for name in ("global_orient", "body_pose"):
        terms[name] = parameter_loss(
            trained[f"pred_{name}"], rotations(name), trained[f"has_{name}"]
        )
    sums = {name: reduced(term, "sum") for name, term in terms.items()}
    for name, value in sums.items():
        close(value, trained[f"loss_{name}"])
    weights = LossWeights()
    total = sum(getattr(weights, name) * value for name, value in sums.items())
    close(total, trained["loss_total"])  # which is without the adversarial term


def test_a_sample_counts_the_same_in_every_batch(recorded):
    of_samples = keypoint_loss_2d(recorded["pred2d"], recorded["gt2d"])
    doubled = keypoint_loss_2d(recorded["pred2d"].repeat(2, 1, 1), recorded["gt2d"].repeat(2, 1, 1))
    close(reduced(doubled, "mean"), reduced(of_samples, "mean"))
    close(reduced(doubled, "sum"), 2 * reduced(of_samples, "sum"))


def test_what_is_not_known_teaches_nothing():
    random = torch.Generator().manual_seed(0)
    points = torch.randn((2, 5, 3), generator=random, requires_grad=True)
    truth = torch.randn((2, 5, 4), generator=random)
    truth[..., 3] = 0
    keypoint_loss_3d(points, truth, 0).sum().backward()
    assert not points.grad.any()
    pose = torch.randn((2, 23, 3, 3), generator=random, requires_grad=True)
    parameter_loss(pose, torch.zeros_like(pose), torch.tensor((0.0, 1.0))).sum().backward()
    assert not pose.grad[0].any() and torch.equal(pose.grad[1], 2 * pose.detach()[1])


def test_points_count_as_seen_from_the_pelvis():
    random = torch.Generator().manual_seed(1)
    points = torch.randn((3, 6, 3), generator=random)
    truth = torch.cat((points + torch.randn((3, 1, 3), generator=random), torch.ones(3, 6, 1)), 2)
    assert keypoint_loss_3d(points, truth, 2).max() < 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_finite_differences(seed):
    random = torch.Generator().manual_seed(seed)

    def numbers(*shape):
        values = torch.randn(shape, generator=random, dtype=torch.float64)
        return values.requires_grad_()

    confidence = torch.rand((2, 4, 1), generator=random, dtype=torch.float64)
    truth = torch.cat((numbers(2, 4, 3).detach(), confidence), 2)
    check = torch.autograd.gradcheck
    check(lambda x: keypoint_loss_3d(x, truth, 1), numbers(2, 4, 3))
    check(lambda x: keypoint_loss_2d(x, truth[..., 1:]), numbers(2, 4, 2))
    check(lambda x: parameter_loss(x, torch.ones_like(x), confidence[:, 0, 0]), numbers(2, 3, 3))
    check(generator_loss, numbers(2, 25))
    check(discriminator_loss, (numbers(2, 25), numbers(4, 25)))


def test_who_judges_right_pays_nothing_and_who_fools_the_judge_does_not_either():
    assert discriminator_loss(torch.zeros(2, 25), torch.ones(4, 25)) == 0
    assert not generator_loss(torch.ones(2, 25)).any()
    # Twice as many real poses count double.
    assert discriminator_loss(torch.zeros(2, 25), torch.zeros(4, 25)) == 50
