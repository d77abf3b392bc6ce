"""Rotations as torch tensors of any leading shape; differentiable: training uses the same code."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def rotation_6d_to_matrix(rotation_6d: torch.Tensor) -> torch.Tensor:
    """(*, 6) -> (*, 3, 3). The first three numbers are the first column before orthonormalisation.

    Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", eq. 15, with
    HMR 2.0's order of the numbers.
    """
    first, second = rotation_6d[..., :3], rotation_6d[..., 3:]
    x = F.normalize(first, dim=-1)
    y = F.normalize(second - (x * second).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack((x, y, torch.linalg.cross(x, y)), dim=-1)


def quaternion_to_matrix(quaternion: torch.Tensor) -> torch.Tensor:
    """(*, 4) as w, x, y, z, of any length but zero -> (*, 3, 3)."""
    w, x, y, z = F.normalize(quaternion, dim=-1).unbind(-1)
    rows = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def axis_angle_to_quaternion(axis_angle: torch.Tensor) -> torch.Tensor:
    """(*, 3) radians -> (*, 4) as w, x, y, z; smooth at zero."""
    half = torch.linalg.vector_norm(axis_angle, dim=-1, keepdim=True) / 2
    # torch.sinc(x) = sin(pi x) / (pi x): finite value and gradient at zero.
    return torch.cat((torch.cos(half), axis_angle / 2 * torch.sinc(half / torch.pi)), dim=-1)


def axis_angle_to_matrix(axis_angle: torch.Tensor) -> torch.Tensor:
    """(*, 3) radians -> (*, 3, 3)."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def matrix_to_quaternion(matrix: torch.Tensor) -> torch.Tensor:
    """(*, 3, 3) -> (*, 4) as w, x, y, z with w >= 0.

    Shepperd's method: of the four equivalent formulas, the one with the largest divisor.
    """
    m = matrix
    diagonal = torch.diagonal(m, dim1=-2, dim2=-1)
    trace = diagonal.sum(-1, keepdim=True)
    # Squares of 2w, 2x, 2y, 2z.
    squares = torch.cat((1 + trace, 1 - trace + 2 * diagonal), dim=-1)
    xw, yw, zw = (m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0],
                  m[..., 1, 0] - m[..., 0, 1])  # fmt: skip
    xy, xz, yz = (m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0],
                  m[..., 1, 2] + m[..., 2, 1])  # fmt: skip
    w2, x2, y2, z2 = squares.unbind(-1)
    candidates = torch.stack(
        (
            torch.stack((w2, xw, yw, zw), -1),
            torch.stack((xw, x2, xy, xz), -1),
            torch.stack((yw, xy, y2, yz), -1),
            torch.stack((zw, xz, yz, z2), -1),
        ),
        dim=-2,
    )
    best = squares.argmax(-1)[..., None, None].expand(*squares.shape[:-1], 1, 4)
    quaternion = F.normalize(candidates.gather(-2, best).squeeze(-2), dim=-1)
    return torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
