"""The whole embedded recovery on real images: does the mesh land on the person?"""

from pathlib import Path

import cv2
import numpy as np
import pytest
from places import SHARED

from humans4d_core.config import RecoveryConfig
from humans4d_core.detection import create_detector
from humans4d_core.evaluation import landing_error, pa_mpjpe
from humans4d_core.recovery import create_recovery
from humans4d_core.types import Camera, Detections, Frame

MEDIA = SHARED / "media"
needs_media = pytest.mark.skipif(not MEDIA.is_dir(), reason="the test media are not here")

# BlazePose landmark, SMPL joint: shoulders, elbows, wrists, hips, knees, ankles.
PAIRS = np.array(
    [(11, 16), (12, 17), (13, 18), (14, 19), (15, 20), (16, 21),
     (23, 1), (24, 2), (25, 4), (26, 5), (27, 7), (28, 8)]
)  # fmt: skip


@pytest.fixture(scope="module")
def recovery():
    return create_recovery(RecoveryConfig("landmarks"), threads=2)


@pytest.fixture(scope="module")
def detector():
    return create_detector("movenet", threads=2)


def frame_of(image, focal=None):
    height, width = image.shape[:2]
    focal = focal or 0.9 * max(image.shape[:2])
    return Frame(image, 0, Camera(focal, focal, width / 2, height / 2, width, height))


def spread_frames(path, count=20):
    capture = cv2.VideoCapture(str(path))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, total - 1, count).astype(int).tolist())
    for index in range(total):
        read, image = capture.read()
        if read and index in wanted:
            yield image


def landing_errors(recovery, detector, image):
    """Mean distance of projected joints to visible landmarks per person, over their height."""
    frame = frame_of(image)
    bodies = recovery.recover(frame, detector.detect(image))
    if not len(bodies):
        return []
    landmarks = recovery.landmarks(image, bodies.boxes_px)
    errors = landing_error(
        bodies.joints_px[:, PAIRS[:, 1]],
        landmarks.pixels[:, PAIRS[:, 0]],
        landmarks.visibility[:, PAIRS[:, 0]] > 0.5,
        np.ptp(landmarks.pixels, axis=1).max(1),
    )
    return list(errors[np.isfinite(errors)])


@needs_media
@pytest.mark.parametrize("still", ["basketball1.png", "basketball2.png", "messi5.jpg",
                                   "coco_000000000785.jpg", "coco_000000040083.jpg",
                                   "mp_pose_test_image.jpg"])  # fmt: skip
def test_mesh_lands_on_the_person_in_a_still(recovery, detector, still):
    errors = landing_errors(recovery, detector, cv2.imread(str(MEDIA / "stills" / still)))
    assert errors and max(errors) < 0.04


@needs_media
@pytest.mark.parametrize("clip", ["clips/runner.mp4", "clips/two_people_close.mp4",
                                  "pets09-s2l1/vtest.avi"])  # fmt: skip
def test_mesh_lands_on_the_person_in_a_clip(recovery, detector, clip):
    errors = []
    for image in spread_frames(MEDIA / clip):
        errors += landing_errors(recovery, detector, image)
    assert len(errors) >= 18 and max(errors) < 0.04


@needs_media
def test_pose_in_3d_is_no_worse_than_the_landmarks(recovery, detector):
    truth = np.load(MEDIA / "h36m" / "test_h36m_body3d.npz")
    joints_h36m = [11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3]  # in the order of PAIRS
    own, fitted = [], []
    for name, center, joints in zip(truth["imgname"], truth["center"], truth["S"], strict=True):
        image = cv2.imread(str(MEDIA / "h36m" / Path(str(name)).name))
        found = detector.detect(image)
        middle = (found.boxes_px[:, :2] + found.boxes_px[:, 2:]) / 2
        nearest = np.linalg.norm(middle - center, axis=1).argmin()
        bodies = recovery.recover(frame_of(image, 1145), found.select([nearest]))
        landmarks = recovery.landmarks(image, found.boxes_px[[nearest]])
        joints = joints[None, joints_h36m, :3]
        own.append(pa_mpjpe(landmarks.world[:, PAIRS[:, 0]], joints))
        fitted.append(pa_mpjpe(bodies.joints_cam[:, PAIRS[:, 1]], joints))
    assert np.mean(fitted) <= np.mean(own) < 0.12


def test_an_image_with_nobody_gives_no_bodies(recovery):
    image = np.full((240, 320, 3), 90, np.uint8)
    boxes = Detections(np.array([[50, 20, 120, 200]], np.float32), np.array([0.9], np.float32))
    bodies = recovery.recover(frame_of(image), boxes)
    assert len(bodies) == 0 and bodies.vertices_cam.shape == (0, recovery.body.num_vertices, 3)


def test_boxes_that_cannot_be_cropped_are_left_out(recovery):
    boxes = np.array(
        [(10, 10, 10, 50), (10, 10, 11, 11), (np.nan, 0, 50, 50), (0, 0, np.inf, 9),
         (400, 300, 500, 400), (50, 50, 20, 20)], np.float32
    )  # fmt: skip
    detections = Detections(boxes, np.ones(len(boxes), np.float32))
    bodies = recovery.recover(frame_of(np.zeros((240, 320, 3), np.uint8)), detections)
    assert len(bodies) == 0


@needs_media
def test_who_is_where_the_lens_model_ends_costs_nobody_else_a_body(recovery, detector):
    image = cv2.imread(str(MEDIA / "stills" / "coco_000000040083.jpg"))
    people = detector.detect(image)
    assert len(people) == 2
    near, far = ((box[:2] + box[2:]) / 2 for box in people.boxes_px)
    lens = Camera(  # its field ends half-way to the second person
        *(2 * [float(np.linalg.norm(far - near))]), *near.tolist(), *image.shape[1::-1],
        distortion=(-0.5, 0.0, 0.0, 0.0, 0.0),
    )  # fmt: skip
    bodies = recovery.recover(Frame(image, 0, lens), people)
    assert bodies.boxes_px.tolist() == people.boxes_px[:1].tolist()
    assert np.isfinite(bodies.vertices_cam).all()


@needs_media
def test_bodies_are_consistent_with_each_other(recovery, detector):
    image = cv2.imread(str(MEDIA / "stills" / "coco_000000040083.jpg"))
    frame = frame_of(image)
    bodies = recovery.recover(frame, detector.detect(image))
    assert len(bodies) == 2
    joints = bodies.joints_cam
    projected = joints[..., :2] / joints[..., 2:] * frame.camera.fx + (
        frame.camera.cx, frame.camera.cy)  # fmt: skip
    np.testing.assert_allclose(bodies.joints_px, projected, atol=1e-2)
    lowest, highest = bodies.vertices_cam.min(1), bodies.vertices_cam.max(1)
    assert (bodies.pelvis_cam > lowest).all() and (bodies.pelvis_cam < highest).all()
    covariance = bodies.pelvis_covariance_cam
    values, vectors = np.linalg.eigh(covariance)
    ray = bodies.pelvis_cam / np.linalg.norm(bodies.pelvis_cam, axis=1, keepdims=True)
    assert (values > 0).all()
    assert (np.abs((vectors[..., -1] * ray).sum(-1)) > 0.99).all()  # long along the viewing ray
    assert ((bodies.joint_confidence >= 0) & (bodies.joint_confidence <= 1)).all()


@needs_media
def test_twenty_people_are_recovered_in_one_batch(recovery, detector):
    image = cv2.imread(str(MEDIA / "stills" / "coco_000000000785.jpg"))
    one = detector.detect(image).select([0])
    twenty = one.select(np.zeros(20, int))
    alone = recovery.recover(frame_of(image), one)
    together = recovery.recover(frame_of(image), twenty)
    assert len(together) == 20
    np.testing.assert_allclose(together.joints_cam, np.repeat(alone.joints_cam, 20, 0), atol=1e-3)
