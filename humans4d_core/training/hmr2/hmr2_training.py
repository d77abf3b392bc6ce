"""HMR 2.0 and its discriminator learning from each other, as a Lightning module.

Goel et al., "Humans in 4D", 2023, section 3.2. One batch is one step of each of the two networks;
like the original's, Lightning's `global_step` counts both.
"""

from __future__ import annotations

from typing import Any, cast

import lightning
import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ...evaluation.pose_metrics import mpjpe, pa_mpjpe
from ...geometry.rotations import rotation_6d_to_matrix
from ...recovery.engines import NetworkOutput
from ...recovery.hmr2.hmr2_model import Hmr2, read_out
from .body_keypoints import PELVIS, body_keypoints
from .checkpoint_layout import from_official, to_official
from .crop_projection import project_to_crop
from .discriminator import Discriminator
from .keypoint_heatmaps import KeypointHeatmaps, heatmap_loss
from .learning_rate import learning_rate_factor
from .losses import (
    discriminator_loss,
    generator_loss,
    keypoint_loss_2d,
    keypoint_loss_3d,
    parameter_loss,
    reduced,
)
from .training_config import TrainingConfig

Batch = dict[str, torch.Tensor]


class Hmr2Training(lightning.LightningModule):
    """Trains `model`, whose body poses what it puts out."""

    automatic_optimization = False  # two optimisers a batch

    def __init__(
        self,
        config: TrainingConfig,
        model: Hmr2,
        num_keypoints: int,
        real_poses: np.ndarray | None = None,
    ):
        """num_keypoints: of a sample. real_poses: (F, 23, 3, 3) for the discriminator; None: there
        is no discriminator."""
        super().__init__()
        self.config = config
        assert model.body is not None
        self.body = model.body
        model.body = None  # its arrays are not trained, and not saved with each network
        self.model = model
        self.heatmaps = None
        if config.losses.heatmaps:
            self.heatmaps = KeypointHeatmaps(config.network.embed_dim, num_keypoints)
        self.discriminator = None if real_poses is None else Discriminator()
        self._real_poses = None if real_poses is None else torch.from_numpy(real_poses)
        self.ema = None
        if config.ema_decay:
            self.ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay))
        self._errors: list[np.ndarray] = []

    @property
    def judged(self) -> Hmr2:
        """The network that is judged and exported."""
        return self.model if self.ema is None else cast(Hmr2, self.ema.module)

    @property
    def steps_done(self) -> int:
        """Batches learned from."""
        return self.trainer.global_step // (1 if self.discriminator is None else 2)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """AdamW for each network."""
        config = self.config
        maker = [*self.model.parameters()]
        if self.heatmaps is not None:
            maker += self.heatmaps.parameters()
        judge = [] if self.discriminator is None else [*self.discriminator.parameters()]
        return [
            torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
            for parameters in (maker, judge)
            if parameters
        ]

    def training_step(self, batch: Batch, number: int) -> None:
        """One step of the network, then one of the discriminator on what it has just made."""
        optimizers = self.optimizers()
        generator, *judge = optimizers if isinstance(optimizers, list) else [optimizers]
        factor = learning_rate_factor(self.steps_done, self.config)
        for optimizer in (generator, *judge):
            for group in optimizer.param_groups:
                group["lr"] = self.config.learning_rate * factor
        tokens = self.model.tokens(batch["image"])
        output = read_out(self.model.head(tokens))
        terms = self.losses(output, batch)
        if self.heatmaps is not None:
            terms["heatmaps"] = heatmap_loss(self.heatmaps(tokens), batch["keypoints_2d"])
        if self.discriminator is not None:
            self.discriminator.requires_grad_(False)
            judged = self.discriminator(output.body_pose, output.betas)
            terms["adversarial"] = generator_loss(judged)
            self.discriminator.requires_grad_(True)
        weights = self.config.losses
        values = {name: reduced(term, self.config.reduction) for name, term in terms.items()}
        if self.config.reduction == "sum" and "adversarial" in values:
            values["adversarial"] = terms["adversarial"].mean()  # as the original has it
        loss = sum(getattr(weights, name) * value for name, value in values.items())
        self._step(generator, loss, self.model, batch)
        if self.ema is not None:
            self.ema.update_parameters(self.model)
        self.log_dict({f"train/{name}": value.detach() for name, value in values.items()})
        self.log("loss", loss.detach(), prog_bar=True)
        if judge:
            self._teach(judge[0], output, batch)

    def losses(self, output: NetworkOutput, batch: Batch) -> dict[str, torch.Tensor]:
        """Each term (N,) but the adversarial one."""
        keypoints = self.keypoints(output, batch["keypoints_3d"].shape[1])
        known = batch["is_known"]
        return {
            "keypoints_3d": keypoint_loss_3d(
                keypoints, batch["keypoints_3d"], PELVIS[keypoints.shape[1]]
            ),
            "keypoints_2d": keypoint_loss_2d(
                project_to_crop(keypoints, output.camera), batch["keypoints_2d"]
            ),
            "global_orient": parameter_loss(
                output.global_orient[:, 0], batch["global_orient"], known[:, 0]
            ),
            "body_pose": parameter_loss(output.body_pose, batch["body_pose"], known[:, 1]),
            "betas": parameter_loss(output.betas, batch["betas"], known[:, 2]),
        }

    def keypoints(self, output: NetworkOutput, count: int) -> torch.Tensor:
        """(N, count, 3) m of the bodies that the network puts out."""
        posed = self.body(output.global_orient, output.body_pose, output.betas)
        return body_keypoints(self.body, posed, count)

    def _teach(self, optimizer: Any, output: NetworkOutput, batch: Batch) -> None:
        """The discriminator's step."""
        assert self.discriminator is not None and self._real_poses is not None
        count = self.config.real_batch * len(output.betas)
        seeds = np.random.SeedSequence([self.config.seed, self.steps_done, self.global_rank])
        random = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
        rows = torch.randint(len(self._real_poses), (count,), generator=random)
        real_pose = self._real_poses[rows].to(self.device)
        real_betas = torch.randn((count, output.betas.shape[1]), generator=random).to(self.device)
        loss = discriminator_loss(
            self.discriminator(output.body_pose.detach(), output.betas.detach()),
            self.discriminator(real_pose, real_betas),
        )
        self._step(optimizer, self.config.losses.adversarial * loss, self.discriminator, batch)
        self.log("train/discriminator", loss.detach())

    def _step(
        self, optimizer: Any, loss: torch.Tensor, network: torch.nn.Module, batch: Batch
    ) -> None:
        if not torch.isfinite(loss):
            raise NotFinite(self.steps_done, batch)
        optimizer.zero_grad()
        self.manual_backward(loss)
        if self.config.gradient_clip:
            self.clip_gradients(optimizer, self.config.gradient_clip, "norm")
        optimizer.step()

    def validation_step(self, batch: Batch, number: int) -> None:
        """Errors of the judged network, mm: MPJPE and PA-MPJPE, and those of the mean pose that is
        turned right."""
        output = self.judged(batch["image"])
        truth = batch["keypoints_3d"][..., :3].double().cpu().numpy()
        count = truth.shape[1]
        found = self.keypoints(output, count).double().cpu().numpy()
        mean = rotation_6d_to_matrix(self.judged.head.mean_pose.unflatten(1, (24, 6)))
        still = NetworkOutput(
            batch["global_orient"][:, None], mean[:, 1:].expand(len(truth), -1, -1, -1),
            torch.zeros_like(output.betas), output.camera,
        )  # fmt: skip
        guessed = self.keypoints(still, count).double().cpu().numpy()
        pelvis = PELVIS[count]
        columns = []
        for places in (found, guessed):
            seen_from = [a - a[:, pelvis : pelvis + 1] for a in (places, truth)]
            columns += [1000 * mpjpe(*seen_from), 1000 * pa_mpjpe(places, truth)]
        self._errors.append(np.stack(columns, axis=1))

    def on_validation_epoch_end(self) -> None:
        """Log the means."""
        if not self._errors:
            return
        means = np.concatenate(self._errors).mean(0)
        self._errors = []
        names = ("MPJPE", "PA_MPJPE", "mean_pose_MPJPE", "mean_pose_PA_MPJPE")
        for name, value in zip(names, means.tolist(), strict=True):
            self.log(f"validation/{name}", value, prog_bar=name == "PA_MPJPE", sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """In the layout of the original's checkpoints, with the body in it."""
        checkpoint["state_dict"] = to_official(checkpoint["state_dict"], self.body.model.data)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Back from that layout."""
        checkpoint["state_dict"] = from_official(checkpoint["state_dict"], self.state_dict())


class NotFinite(Exception):
    """A loss is no number any more."""

    def __init__(self, step: int, batch: Batch):
        super().__init__(f"the loss of step {step} is not finite")
        self.step, self.batch = step, batch
