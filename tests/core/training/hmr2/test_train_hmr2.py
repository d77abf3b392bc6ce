"""`humans4d train hmr2`, whole: shards in, checkpoints and weights out."""

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from humans4d_core.config import RecoveryConfig
from humans4d_core.recovery import create_recovery
from humans4d_core.recovery.hmr2.checkpoint import load_checkpoint
from humans4d_core.recovery.hmr2.hmr2_config import Hmr2Config
from humans4d_core.training.hmr2.real_poses import write_real_poses
from humans4d_core.training.hmr2.shards import write_shard
from humans4d_core.types import Camera, Detections, Frame

pytest.importorskip("lightning", reason="pip install '.[train]'")

SIZES = Hmr2Config(32, 1, 2, 32, 1, 2, 16, 32)
CONFIG = """
train: people.tar
validation: people.tar
real_poses: real.npz
network: {{embed_dim: 32, depth: 1, num_heads: 2, decoder_dim: 32, decoder_depth: 1,
           decoder_heads: 2, decoder_dim_head: 16, decoder_mlp_dim: 32}}
losses: {{keypoints_3d: 0.5, keypoints_2d: 0.5, global_orient: 0.1, body_pose: 0.05}}
learning_rate: 0.002
batch_size: 4
ema_decay: 0.5
gradient_clip: 1.0
validate_every: 3
workers: 0
steps: {steps}
"""


@pytest.fixture(scope="module")
def folder(people, poses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    write_shard(folder / "people.tar", people)
    write_real_poses(folder / "real.npz", poses.local[:, 1:])
    (folder / "config.yaml").write_text(CONFIG.format(steps=6))
    return folder


@pytest.fixture
def run(humans4d):
    """Exit code, stdout and stderr of `humans4d train hmr2 ...`."""
    return partial(humans4d, "train", "hmr2", "--no-progress")


def tensors(path):
    return torch.load(path, map_location="cpu", weights_only=True)["state_dict"]


def test_a_training_leaves_what_runs_and_goes_on_where_it_was_left(run, folder, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    code, out, err = run("--config", folder / "config.yaml", "-o", whole)
    assert code == 0, err
    assert "PA_MPJPE" in out and "mean_pose_MPJPE" in out
    log = pd.read_csv(whole / "log" / "version_0" / "metrics.csv")
    assert log["validation/PA_MPJPE"].notna().sum() == 2

    # Killed after three steps: the configuration is the same but for where it ends.
    from humans4d_core.training.hmr2 import train_hmr2 as module
    from humans4d_core.training.hmr2.hmr2_training import Hmr2Training

    class Killed(Exception):
        pass

    step = Hmr2Training.training_step

    def killed(self, batch, number):
        if self.steps_done == 4:
            raise Killed
        return step(self, batch, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hmr2Training, "training_step", killed)
        with pytest.raises(Killed):
            config = module_config(folder)
            module.train_hmr2(config, parts, print, progress=False)
    assert not (parts / module.WEIGHTS).exists()
    code, out, err = run("--config", folder / "config.yaml", "-o", parts)
    assert code == 0 and "going on after step 3" in out, err
    first, second = tensors(whole / "last.ckpt"), tensors(parts / "last.ckpt")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)

    # In the original's layout, and as the recovery takes it.
    network = load_checkpoint(whole / "last.ckpt", SIZES)
    assert network.body is not None and network.body.model.num_vertices == 6890
    recovery = create_recovery(
        RecoveryConfig("hmr2", checkpoint=str(whole / module.WEIGHTS), device="cpu")
    )
    image = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    boxes = Detections(np.float32([[50, 20, 120, 190]]), np.float32([0.9]))
    bodies = recovery.recover(Frame(image, 0, Camera(200, 200, 100, 100, 200, 200)), boxes)
    assert len(bodies) == 1 and np.isfinite(bodies.vertices_cam).all()


def module_config(folder):
    from humans4d_core.training.hmr2.training_config import read_training_config

    return read_training_config(folder / "config.yaml")


def test_another_configuration_does_not_go_on(run, folder, tmp_path):
    code, _, err = run("--config", folder / "config.yaml", "-o", tmp_path)
    assert code == 0, err
    other = folder / "other.yaml"
    other.write_text(CONFIG.format(steps=6) + "weight_decay: 0.5\n")
    code, _, err = run("--config", other, "-o", tmp_path)
    assert code == 2 and "of another configuration, different in weight_decay" in err


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_its_batch(run, folder, tmp_path):
    text = CONFIG.format(steps=6).replace("learning_rate: 0.002", "learning_rate: 1.0")
    (folder / "wild.yaml").write_text(text.replace("keypoints_2d: 0.5", "keypoints_2d: 1.0e+38"))
    code, _, err = run("--config", folder / "wild.yaml", "-o", tmp_path)
    assert code == 2 and "is not finite: its batch is in" in err
    with np.load(tmp_path / "not_finite.npz") as batch:
        assert batch["image"].shape == (4, 3, 256, 256)


@pytest.mark.slow
def test_it_learns(run, folder, tmp_path):
    """Twelve people by heart: better than their mean pose, turned right."""
    text = CONFIG.format(steps=120).replace("validate_every: 3", "validate_every: 60")
    (folder / "long.yaml").write_text(text + "flip: 0\ncolor: 0\n")
    code, out, err = run("--config", folder / "long.yaml", "-o", tmp_path)
    assert code == 0, err
    rows = [line.split() for line in out.splitlines() if line.endswith(" mm")]
    figures = {name: float(value) for name, value, _ in rows}
    assert figures["MPJPE"] < figures["mean_pose_MPJPE"]


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one_with_the_double_batch(folder, tmp_path):
    """Read off AdamW's first mean, which is a tenth of the gradient after one step."""
    means = {}
    for devices, batch in ((1, 8), (2, 4)):
        config = folder / f"devices{devices}.yaml"
        text = CONFIG.format(steps=1).replace("batch_size: 4", f"batch_size: {batch}")
        for line in ("real_poses: real.npz\n", "gradient_clip: 1.0\n", "validation: people.tar\n"):
            text = text.replace(line, "")
        config.write_text(text)
        out = tmp_path / str(devices)
        subprocess.run(
            [sys.executable, "-m", "humans4d_core.cli.main", "train", "hmr2", "--no-progress",
             "--config", str(config), "-o", str(out), "--devices", str(devices)],
            check=True, timeout=300,
        )  # fmt: skip
        (state,) = torch.load(out / "last.ckpt", map_location="cpu", weights_only=True)[
            "optimizer_states"
        ]
        means[devices] = [each["exp_avg"] for each in state["state"].values()]
    for one, two in zip(means[1], means[2], strict=True):
        torch.testing.assert_close(two, one, rtol=1e-3, atol=1e-5)
    assert max(mean.abs().max() for mean in means[1]) > 1e-3
