"""Which keypoints a body has, for losses and scores."""

from __future__ import annotations

import torch

from ...body.body_module import BodyModule, BodyOutput
from ...errors import Humans4dError
from .losses import PELVIS_OF_44

#: The numbers of keypoints that data may have, and which of them is the pelvis: SMPL's 24 joints,
#: or the 44 of HMR 2.0, which only SMPL's own mesh has.
PELVIS = {24: 0, 44: PELVIS_OF_44}


def body_keypoints(body: BodyModule, posed: BodyOutput, count: int) -> torch.Tensor:
    """The `count` keypoints (N, count, 3) m of posed bodies. Raises Humans4dError for a body that
    does not have them."""
    keypoints = posed.joints if count == 24 else body.joints44(posed) if count == 44 else None
    if keypoints is None:
        raise Humans4dError(
            f"the data has {count} keypoints: the body '{body.model.name}' has "
            f"{'24 or 44' if body.model.data.has_smpl_topology else '24'}"
        )
    return keypoints
