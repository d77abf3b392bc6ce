"""A body laid over landmarks: damped Gauss-Newton, all people at once.

Unknowns of a person: axis-angle of the joints that move, betas, translation. What is asked of them:
- 2D: the projected points lie on the image landmarks (metres at the person's depth),
- 3D: the points lie on the world landmarks, hips on hips; the image decides across the viewing
  direction, the world landmarks along it,
- people are people: joints stay inside their limits (strictly) and near their usual angles, the
  shape near the mean.
Visibility weighs both landmark terms. Derivatives are analytic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from ...batch import Batch
from ...geometry.numpy_rotations import exponential, right_jacobian
from .initial_pose import initial_pose
from .joint_limits import ACTIVE_JOINTS, joint_limits
from .kinematics import LandmarkSkeleton


@dataclass(frozen=True)
class FitConfig:
    """Standard deviations of what the fit balances."""

    image_sigma: float = 0.0075  #: m, image landmarks across the viewing direction
    world_sigma: float = 0.03  #: m, world landmarks in every direction
    #: What the world landmarks of a hidden joint still weigh: the network's guess of where it is
    #: beats the usual pose.
    hidden_world_weight: float = 1.0
    usual_pose_weight: float = 0.2  #: 1 / standard deviations of the usual spread
    mean_stature_beta: float = -0.3  #: first beta of a person of average stature
    stature_sigma: float = 0.3  #: of the first beta: about 0.09 m of stature
    shape_sigma: float = 2.0  #: of the other betas
    iterations: int = 8


@dataclass(frozen=True)
class Fit(Batch):
    """N bodies laid over their landmarks."""

    local_rotations: np.ndarray  #: (N, 24, 3, 3) relative to the parent; [:, 0] to the camera
    betas: np.ndarray  #: (N, B)
    translation: np.ndarray  #: (N, 3) m, SMPL's
    points: np.ndarray  #: (N, K, 3) m, the landmark points in the camera frame
    image_error: np.ndarray  #: (N,) m at the person's depth, weighted mean over landmarks


class LandmarkFit:
    """Fits one body model; keeps what does not depend on the people."""

    def __init__(self, skeleton: LandmarkSkeleton, config: FitConfig | None = None):
        self.skeleton = skeleton
        self.config = config or FitConfig()
        low, high, spread = joint_limits()
        self.low, self.high = low.ravel(), high.ravel()
        num_angles, num_betas = low.size, skeleton.num_betas
        prior_mean = np.zeros(num_angles + num_betas + 3)
        prior_mean[num_angles] = self.config.mean_stature_beta
        precision = np.zeros_like(prior_mean)  # translation: free
        precision[:num_angles] = self.config.usual_pose_weight / spread.ravel()
        precision[num_angles:-3] = 1 / self.config.shape_sigma
        precision[num_angles] = 1 / self.config.stature_sigma
        self.prior_mean, self.prior_weight = prior_mean, precision**2
        self.angles = slice(0, num_angles)
        self.betas = slice(num_angles, num_angles + num_betas)
        # The matrices are small: threads of the linear algebra cost more than they gain, and on a
        # busy machine they wait for each other.
        self.threads = ThreadpoolController()
        self.hips = np.flatnonzero(np.isin(skeleton.landmarks, (23, 24)))

    def __call__(self, rays: np.ndarray, world: np.ndarray, weights: np.ndarray) -> Fit:
        """rays (N, K, 2): x/z, y/z; world (N, K, 3) m in the camera's axes, any origin;
        weights (N, K) in [0, 1]; K as in skeleton.landmarks."""
        with self.threads.limit(limits=1, user_api="blas"):
            return self._fit(rays, world, weights)

    def _fit(self, rays: np.ndarray, world: np.ndarray, weights: np.ndarray) -> Fit:
        world = world - world[:, self.hips].mean(1, keepdims=True)
        angles, betas, translation, world = initial_pose(
            self.skeleton, rays, world, weights, self.config.mean_stature_beta
        )
        parameters = np.concatenate(
            (np.clip(angles.reshape(len(rays), -1), self.low, self.high), betas, translation), 1
        )
        targets = (rays, world, weights, np.maximum(translation[:, 2:], 0.2))
        damping = np.full(len(rays), 1e-3)
        cost, gradient, hessian = self._linearise(parameters, targets)
        for _ in range(self.config.iterations):
            candidate = self._step(parameters, gradient, hessian, damping)
            new_cost, new_gradient, new_hessian = self._linearise(candidate, targets)
            better = new_cost < cost
            parameters = np.where(better[:, None], candidate, parameters)
            cost = np.where(better, new_cost, cost)
            gradient = np.where(better[:, None], new_gradient, gradient)
            hessian = np.where(better[:, None, None], new_hessian, hessian)
            damping = np.where(better, damping * 0.2, damping * 10)
        return self._result(parameters, targets)

    def _step(self, parameters, gradient, hessian, damping) -> np.ndarray:
        """One damped step; angles at a limit that the step would cross are held there."""
        size = parameters.shape[1]
        diagonal = np.arange(size)
        damped = hessian.copy()
        damped[:, diagonal, diagonal] *= 1 + damping[:, None]
        free = np.ones_like(parameters, dtype=bool)
        angles = parameters[:, self.angles]
        held = (angles <= self.low) & (gradient[:, self.angles] > 0)
        held |= (angles >= self.high) & (gradient[:, self.angles] < 0)
        free[:, self.angles] = ~held
        damped *= free[:, :, None] & free[:, None, :]
        damped[:, diagonal, diagonal] += ~free
        step = np.linalg.solve(damped, -(gradient * free)[..., None])[..., 0]
        candidate = parameters + step
        candidate[:, self.angles] = np.clip(candidate[:, self.angles], self.low, self.high)
        candidate[:, -1] = np.maximum(candidate[:, -1], 0.2)
        return candidate

    def _pose(self, parameters):
        n = len(parameters)
        axis_angle = parameters[:, self.angles].reshape(n, -1, 3)
        local = np.broadcast_to(np.eye(3), (n, 24, 3, 3)).copy()
        local[:, ACTIVE_JOINTS] = exponential(axis_angle)
        return axis_angle, local, self.skeleton.pose(local, parameters[:, self.betas])

    def _residuals(self, pose, parameters, targets):
        """(across (N, K, 2), along (N, K, 3), points in the camera frame (N, K, 3)), metres."""
        rays, world, _, depth = targets
        points = pose.points + parameters[:, None, -3:]
        z = np.maximum(points[..., 2:], 0.05)
        across = (points[..., :2] / z - rays) * depth[:, None]
        along = pose.points - pose.points[:, self.hips].mean(1, keepdims=True) - world
        return across, along, points

    def _linearise(self, parameters, targets):
        """Cost (N,), gradient (N, P) and Gauss-Newton Hessian (N, P, P)."""
        config, depth = self.config, targets[3]
        axis_angle, _, pose = self._pose(parameters)
        across, along, points = self._residuals(pose, parameters, targets)
        n, k = points.shape[:2]

        turns = self.skeleton.point_jacobian(pose)[:, :, ACTIVE_JOINTS]
        turns = turns @ right_jacobian(axis_angle)[:, None]  # (N, K, A, 3, 3)
        jacobian = np.concatenate(
            (turns.transpose(0, 1, 3, 2, 4).reshape(n, k, 3, -1), pose.points_shape), -1
        )  # (N, K, 3, P - 3)
        relative = jacobian - jacobian[:, self.hips].mean(1, keepdims=True)
        shift = np.broadcast_to(np.eye(3), (n, k, 3, 3))
        jacobian = np.concatenate((jacobian, shift), -1)
        z = np.maximum(points[..., 2], 0.05)
        slope = points[..., :2] / z[..., None]
        scale = (depth / z)[..., None, None]
        image = (jacobian[:, :, :2] - slope[..., None] * jacobian[:, :, 2:]) * scale

        visibility = targets[2]
        hidden = config.hidden_world_weight
        image_weight = (visibility / config.image_sigma)[..., None]
        world_weight = ((hidden + (1 - hidden) * visibility) / config.world_sigma)[..., None]
        residual = np.concatenate(
            ((across * image_weight).reshape(n, -1), (along * world_weight).reshape(n, -1)), 1
        )
        rows = np.zeros((n, residual.shape[1], parameters.shape[1]))
        rows[:, : 2 * k] = (image * image_weight[..., None]).reshape(n, 2 * k, -1)
        rows[:, 2 * k :, :-3] = (relative * world_weight[..., None]).reshape(n, 3 * k, -1)

        away = parameters - self.prior_mean
        cost = (residual**2).sum(1) + (self.prior_weight * away**2).sum(1)
        gradient = (residual[:, None] @ rows)[:, 0] + self.prior_weight * away
        hessian = rows.transpose(0, 2, 1) @ rows
        diagonal = np.arange(parameters.shape[1])
        hessian[:, diagonal, diagonal] += self.prior_weight + 1e-6
        return cost, gradient, hessian

    def _result(self, parameters, targets) -> Fit:
        _, local, pose = self._pose(parameters)
        across, _, points = self._residuals(pose, parameters, targets)
        weights = targets[2] / np.maximum(targets[2].sum(1, keepdims=True), 1e-6)
        return Fit(
            local,
            parameters[:, self.betas],
            parameters[:, -3:],
            points,
            (np.linalg.norm(across, axis=-1) * weights).sum(1),
        )
