"""HMR 2.0 with random weights that behave like trained ones, for measurements without a licence.

Every matrix keeps the variance of what goes in, norms scale each channel by .5 to 1.5, and the
readouts are calibrated on images such that the people differ like people do (6D rotations by .25,
some 40 degrees from crop to crop, around the upright pose).
"""

from __future__ import annotations

import torch

from humans4d_core.recovery.engines.rotation_deviation import sample_crops_like_images
from humans4d_core.recovery.hmr2 import Hmr2, Hmr2Config
from humans4d_core.recovery.hmr2.vit import MLP_RATIO, NUM_TOKENS

TINY = Hmr2Config(64, 2, 4, 96, 2, 2, 16, 128)

POSE_STD, SHAPE_STD, CAMERA_STD = 0.25, 0.5, 0.05
CALIBRATION_CROPS = 4


@torch.no_grad()
def random_model(config: Hmr2Config, seed: int = 0) -> Hmr2:
    """A network whose outputs depend on the crop and look like people: see this file's text."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        model = Hmr2(config)
    model.to_empty(device="cpu")
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2 and name.endswith("weight"):
            parameter.normal_(0, parameter[0].numel() ** -0.5, generator=generator)
        elif name.endswith("weight"):
            parameter.uniform_(0.5, 1.5, generator=generator)
        else:
            parameter.normal_(0, 0.02, generator=generator)
    head = model.head
    head.mean_pose.copy_(torch.tensor((1.0, 0, 0, 0, 1, 0)).repeat(24))
    head.mean_betas.zero_()
    head.mean_camera.copy_(torch.tensor((0.9, 0, 0)))
    crops = sample_crops_like_images(CALIBRATION_CROPS, seed=seed + 1)
    tokens = head.decode(model.backbone.tokens(crops[..., 32:-32])).squeeze(1)
    for readout, std in (
        (head.pose, POSE_STD), (head.shape, SHAPE_STD), (head.camera, CAMERA_STD)
    ):  # fmt: skip
        values = tokens @ readout.weight.T
        readout.weight *= std / (values - values.mean(0)).std()
        readout.bias.copy_(-(tokens @ readout.weight.T).mean(0))
    return model.eval().requires_grad_(False)


def crop_flops(config: Hmr2Config) -> float:
    """Operations of the backbone on one crop; the head's are not worth the counting."""
    width = config.embed_dim
    matrices = (4 + 2 * MLP_RATIO) * width**2
    return 2.0 * NUM_TOKENS * config.depth * (matrices + 2 * NUM_TOKENS * width)
