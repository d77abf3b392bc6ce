"""Tells captured poses and shapes from made ones: for each joint, for the shape, for all joints.

Kanazawa et al., "End-to-end Recovery of Human Shape and Pose", 2018, section 3.3, as HMR 2.0 uses
it. The names of the parts are those of the original's checkpoints.
"""

from __future__ import annotations

import torch
from torch import nn

#: Joints below the root.
JOINTS = 23
#: Judgements of a body: one a joint, one of the shape, one of all joints together.
OUTPUTS = JOINTS + 2
_FEATURES, _HIDDEN = 32, 1024


class Discriminator(nn.Module):
    """Rotations and betas -> OUTPUTS numbers each, trained towards 1 for captured bodies."""

    def __init__(self, num_betas: int = 10):
        super().__init__()
        # The same network looks at every joint's rotation.
        self.D_conv1 = nn.Conv2d(9, _FEATURES, 1)
        self.D_conv2 = nn.Conv2d(_FEATURES, _FEATURES, 1)
        self.pose_out = nn.ModuleList(nn.Linear(_FEATURES, 1) for _ in range(JOINTS))
        self.betas_fc1 = nn.Linear(num_betas, 10)
        self.betas_fc2 = nn.Linear(10, 5)
        self.betas_out = nn.Linear(5, 1)
        self.D_alljoints_fc1 = nn.Linear(JOINTS * _FEATURES, _HIDDEN)
        self.D_alljoints_fc2 = nn.Linear(_HIDDEN, _HIDDEN)
        self.D_alljoints_out = nn.Linear(_HIDDEN, 1)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, body_pose: torch.Tensor, betas: torch.Tensor) -> torch.Tensor:
        """body_pose (N, 23, 3, 3), betas (N, B) -> (N, 25): joints, shape, all joints."""
        rotations = body_pose.reshape(-1, JOINTS, 1, 9).permute(0, 3, 1, 2)  # (N, 9, 23, 1)
        features = self.D_conv2(self.D_conv1(rotations).relu()).relu()[..., 0]  # (N, 32, 23)
        joints = [out(features[..., k]) for k, out in enumerate(self.pose_out)]
        shape = self.betas_out(self.betas_fc2(self.betas_fc1(betas).relu()).relu())
        hidden = self.D_alljoints_fc1(features.flatten(1)).relu()
        together = self.D_alljoints_out(self.D_alljoints_fc2(hidden).relu())
        return torch.cat((*joints, shape, together), dim=1)
