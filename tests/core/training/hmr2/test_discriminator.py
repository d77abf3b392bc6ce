"""The discriminator against the original's, and what it can learn."""

import json

import numpy as np
import pytest
import torch
from places import SHARED

from humans4d_core.training.hmr2.discriminator import Discriminator
from humans4d_core.training.hmr2.losses import discriminator_loss, generator_loss

#: Its weights are too large to be committed.
RECORDED = SHARED / "parity"
PREFIX = "discriminator."


def test_its_parts_are_those_of_the_original_by_name_and_size(parity_folder):
    keys = json.loads((parity_folder / "hmr2_full_keys.json").read_text())["keys"]
    original = {
        name.removeprefix(PREFIX): tuple(shape)
        for name, (shape, _) in keys.items()
        if name.startswith(PREFIX)
    }
    ours = Discriminator().state_dict()
    assert {name: tuple(value.shape) for name, value in ours.items()} == original


@pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/parity")
def test_it_judges_as_the_original_does():
    (path,) = (RECORDED / "tiny_hmr2" / "checkpoints").glob("*.ckpt")
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    discriminator = Discriminator()
    discriminator.load_state_dict(
        {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}
    )
    with np.load(RECORDED / "parity_tiny.npz") as recorded:
        pose, betas = (torch.from_numpy(recorded[f"pred_{n}"]) for n in ("body_pose", "betas"))
        judged = discriminator(pose, betas)
        np.testing.assert_allclose(judged.detach(), recorded["disc_out"], atol=1e-5)
        of_batch = generator_loss(judged).mean().detach()
        np.testing.assert_allclose(of_batch, recorded["loss_adv_gen"], rtol=1e-5)


def test_it_learns_to_tell_bent_knees_from_broken_ones():
    torch.manual_seed(0)
    discriminator = Discriminator()
    optimizer = torch.optim.AdamW(discriminator.parameters(), 1e-3)

    def bodies(sign):
        angle = sign * torch.rand(32)
        pose = torch.eye(3).repeat(32, 23, 1, 1)
        pose[:, 3, 1, 1] = pose[:, 3, 2, 2] = angle.cos()
        pose[:, 3, 2, 1], pose[:, 3, 1, 2] = angle.sin(), -angle.sin()
        return pose, torch.randn(32, 10)

    for _ in range(80):
        loss = discriminator_loss(discriminator(*bodies(-1)), discriminator(*bodies(1)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    broken, bent = (discriminator(*bodies(sign)).detach().mean(0) for sign in (-1, 1))
    assert bent[3] - broken[3] > 0.5 and bent[-1] - broken[-1] > 0.5
    assert abs(bent[10] - broken[10]) < 0.1  # of another joint there is nothing to tell
