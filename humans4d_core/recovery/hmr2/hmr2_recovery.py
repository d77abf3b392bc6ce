"""HMR 2.0 as a recovery: crops, network and body on one device, metres from the real camera."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...body import load_body
from ...body.body_module import BodyModule
from ...errors import ModelFileError
from ...geometry import crop_camera_to_translation, pixels_to_rays, project
from ...types import Bodies, Camera, Detections, Frame
from ..croppable_boxes import croppable
from ..engines.device import available_device
from ..pelvis_uncertainty import hidden_share, pelvis_covariance
from .checkpoint import load_checkpoint
from .checkpoint_search import CACHE, CHECKPOINT_VARIABLE, find_checkpoint
from .engines import EngineRequest, choose_engine
from .frame_prediction import FrameBodies, FramePredictor

#: Where the original keeps SMPL, for checkpoints that carry no body.
_SMPL_FILES = ("data/smpl/SMPL_NEUTRAL.npz", "data/smpl/SMPL_NEUTRAL.pkl")


class Hmr2Recovery:
    """Bodies from the user's HMR 2.0 checkpoint."""

    name = "hmr2"

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        threads: int | None = None,
        engine: str = "auto",
    ):
        """checkpoint: None takes $HUMANS4D_CHECKPOINT or the original's cache. device: "cuda",
        "cpu"; None takes a GPU where there is one. threads of the CPU; None: all. engine: what
        runs the network, see `EngineRequest.from_text`.

        Raises ModelFileError for a checkpoint that is missing or cannot be used, Humans4dError
        where the device is absent or too small or the engine cannot be had.
        """
        # What is wrong with the wishes is said before gigabytes are read.
        place = available_device(device)
        request = EngineRequest.from_text(engine)
        path = find_checkpoint(checkpoint)
        if path is None:
            raise ModelFileError(
                f"no HMR 2.0 checkpoint was found: name it (--checkpoint, {CHECKPOINT_VARIABLE}), "
                f"or unpack the original's data in ~/{CACHE}"
            )
        model = load_checkpoint(path)
        model.body = model.body or _separate_body()
        if threads:
            torch.set_num_threads(threads)
        self.engine, reason = choose_engine(model, place, *request)
        self._predict = FramePredictor(self.engine)
        assert self.engine.body is not None  # as the model has one
        self.body = self.engine.body.model
        self.engine.warm_up()
        self.device = f"{self.engine.device} ({self.engine.name})"
        #: What was chosen and why, for the log.
        self.description = f"{path.name} on {self.device}: {reason}"

    def recover(self, frame: Frame, detections: Detections) -> Bodies:
        return self.recover_images([frame], [detections])[0]

    def recover_images(
        self, frames: Sequence[Frame], detections: Sequence[Detections]
    ) -> list[Bodies]:
        usable = [_croppable(*each) for each in zip(frames, detections, strict=True)]
        rows = [i for i, found in enumerate(usable) if len(found)]
        bodies = [Bodies.empty(self.body.num_vertices, self.name, self.body.name)] * len(frames)
        if rows:
            found = self._predict.of_images(
                [frames[i].image_bgr for i in rows], [usable[i].boxes_px for i in rows]
            )
            for i, people in zip(rows, found, strict=True):
                bodies[i] = self._bodies(frames[i], usable[i], people)
        return bodies

    def _bodies(self, frame: Frame, detections: Detections, found: FrameBodies) -> Bodies:
        height, width = frame.image_bgr.shape[:2]
        translation = _translation(found, frame.camera)
        assert found.joints is not None and found.vertices is not None  # there is a body
        # A crop without a person can give a camera that looks the other way.
        usable = np.isfinite(found.joints).all((1, 2)) & np.isfinite(translation).all(1)
        usable &= translation[:, 2] > 0
        if not usable.all():
            detections, found = detections.select(usable), found.select(usable)
            translation = translation[usable]
        joints = found.joints + translation[:, None]
        joints_px = project(joints, frame.camera).astype(np.float32)
        inside = ((joints_px >= 0) & (joints_px < (width, height))).all(-1)
        return Bodies(
            boxes_px=detections.boxes_px,
            scores=detections.scores,
            global_orient=found.global_orient[:, 0],
            body_pose=found.body_pose,
            betas=found.betas,
            translation_cam=translation,
            vertices_cam=found.vertices + translation[:, None],
            joints_cam=joints,
            joints_px=joints_px,
            # The network does not say which joints it saw: those outside the image it did not.
            joint_confidence=np.where(inside, 1.0, 0.5).astype(np.float32)
            * detections.scores[:, None],
            pelvis_covariance_cam=pelvis_covariance(
                (joints[:, 1] + joints[:, 2]) / 2, hidden=hidden_share(detections.boxes_px, height)
            ),
            recovery=self.name,
            body_model=self.body.name,
        )


def _croppable(frame: Frame, detections: Detections) -> Detections:
    height, width = frame.image_bgr.shape[:2]
    return detections.select(croppable(detections.boxes_px, width, height))


def _separate_body() -> BodyModule:
    """The SMPL file in the original's cache."""
    for name in _SMPL_FILES:
        path = Path.home() / CACHE / name
        if path.is_file():
            return BodyModule(load_body(path))
    raise ModelFileError(
        f"the checkpoint carries no body model: put SMPL_NEUTRAL.pkl into ~/{CACHE}/data/smpl"
    )


def _translation(found: FrameBodies, camera: Camera) -> np.ndarray:
    """SMPL's translation (N, 3) m in the real camera from the crops' weak ones.

    On a distorted camera the square is taken where an ideal one would show it.
    """
    centers, sizes = found.centers.astype(np.float64), found.sizes.astype(np.float64)
    if camera.is_distorted:
        centers, sizes = _ideal_squares(centers, sizes, camera)
    translation = crop_camera_to_translation(
        found.camera.astype(np.float64),
        centers,
        sizes,
        (camera.fx, camera.fy),
        (camera.cx, camera.cy),
    )
    return translation.astype(np.float32)


def _ideal_squares(
    centers: np.ndarray, sizes: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Middles (N, 2) and sides (N,) px of squares as the camera would show them without its lens.

    A lens model holds within the image. What reaches beyond continues there as straight as between
    the points of the image that are nearest to the square's left and right.
    """
    limits = np.array((camera.width, camera.height), np.float64)
    inside = np.clip(centers, 0, limits)
    left, right = inside.copy(), inside.copy()
    left[:, 0] = np.clip(centers[:, 0] - sizes / 2, 0, limits[0] - 1)
    right[:, 0] = np.clip(centers[:, 0] + sizes / 2, left[:, 0] + 1, limits[0])
    rays = pixels_to_rays(np.stack((inside, left, right)), camera)
    middle, left_ideal, right_ideal = rays * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    scale = np.linalg.norm(right_ideal - left_ideal, axis=1) / (right[:, 0] - left[:, 0])
    return middle + (centers - inside) * scale[:, None], sizes * scale
