"""The whole core on a real video: who is seen, when the tracker resets, what is left alone."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from places import SHARED

from humans4d_core.config import PipelineConfig
from humans4d_core.detection import create_detector
from humans4d_core.errors import Humans4dError
from humans4d_core.pipeline import create_pipeline
from humans4d_core.tracking import TrackerConfig
from humans4d_core.types import Camera, Detections, Frame, Pose, TrackState

VIDEO = SHARED / "media" / "pets09-s2l1" / "vtest.avi"
needs_media = pytest.mark.skipif(not VIDEO.is_file(), reason="the test media are not here")
CAMERA = Camera(1169, 1169, 384, 288, 768, 576)
#: The camera and its pose that the sequence's true positions imply.
CALIBRATED = Camera(1183, 1183, 328, 288, 768, 576, (-0.146, 0, 0, 0, 0))
GROUND_FROM_CAMERA = Pose(
    [[0.568, -0.2664, 0.7787], [-0.8214, -0.1241, 0.5567], [-0.0516, -0.9558, -0.2893]],
    [-28.89, -19.5, 7.11],
)
PERIOD_NS = 1_000_000_000 // 7


def frames(count, first=0):
    capture = cv2.VideoCapture(str(VIDEO))
    for number in range(first + count):
        read, image = capture.read()
        assert read
        if number >= first:
            yield Frame(image, number * PERIOD_NS, CAMERA)


def confirmed(people):
    return set(people.track_ids[people.states == TrackState.CONFIRMED].tolist())


@needs_media
def test_people_of_a_real_video_are_confirmed_and_keep_their_ids():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    results = [pipeline.process(frame) for frame in frames(18)]
    late = [confirmed(result.people) for result in results[-8:]]
    assert len(set.intersection(*late)) >= 3
    people = results[-1].people
    distance = people.bodies.pelvis_cam[people.states == TrackState.CONFIRMED, 2]
    # The camera looks down on a junction 10 to 40 m away (its calibration says so).
    assert ((distance > 10) & (distance < 45)).all()


@needs_media
def test_people_stand_on_the_ground_that_the_frame_gives():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    given = [
        replace(frame, camera=CALIBRATED, ground_from_camera=GROUND_FROM_CAMERA)
        for frame in frames(6)
    ]
    people = [pipeline.process(frame).people for frame in given][-1]
    people = people.select(people.states == TrackState.CONFIRMED)
    lowest = GROUND_FROM_CAMERA.apply(people.bodies.vertices_cam)[..., 2].min(1)
    assert len(people) >= 3 and (np.abs(lowest) < 0.15).all()
    assert (people.bodies.scale != 1).any()


@needs_media
def test_a_reset_forgets_the_ground_that_was_learned():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    for frame in frames(10):
        pipeline.process(frame)
    assert pipeline.positioning.learned_ground.plane_cam is not None
    pipeline.reset()
    assert pipeline.positioning.learned_ground.plane_cam is None


@needs_media
def test_time_that_goes_back_starts_anew_and_never_reuses_an_id():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    before = [confirmed(pipeline.process(frame).people) for frame in frames(8)]
    after = [confirmed(pipeline.process(frame).people) for frame in frames(8)]
    assert before[-1] and after[-1] and not after[0]
    assert not set.union(*before) & set.union(*after)


@needs_media
def test_given_detections_replace_the_detectors():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    frame = next(frames(1))
    result = pipeline.process(frame, Detections.empty())
    assert len(result.people) == 0 and len(result.detections) == 0


def test_an_image_of_nobody_is_an_empty_list():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    image = np.full((120, 160, 3), 80, np.uint8)
    result = pipeline.process(Frame(image, 0, Camera.from_fov(160, 120, 1.0)))
    assert len(result.people) == 0 and set(result.seconds) == {"detect", "recover", "track"}


def test_tracks_start_from_the_detectors_score_unless_one_is_given():
    assert create_pipeline().tracker.config.start_score == create_detector().start_score
    given = create_pipeline(PipelineConfig(tracker=TrackerConfig(start_score=0.9)))
    assert given.tracker.config.start_score == 0.9


@pytest.mark.parametrize("part", ["detector", "recovery"])
def test_an_unknown_part_is_named(part):
    with pytest.raises(Humans4dError, match="nonsense"):
        create_pipeline(PipelineConfig().replaced({part: "nonsense"}))


class Nobody:
    """A recovery that makes a body of none but the first `count` boxes."""

    name, device, description = "nobody", "cpu", ""

    def __init__(self, recovery, count=0):
        self.body, self._recovery, self._count = recovery.body, recovery, count

    def recover(self, frame, detections):
        found = self._recovery.recover(frame, detections.select(slice(0, self._count)))
        self.asked = detections
        return found


def boxes(count, score=0.9):
    random = np.random.default_rng(0)
    corner = random.uniform((0, 0), (600, 300), (count, 2))
    corners = np.concatenate((corner, corner + (40, 100)), axis=1).astype(np.float32)
    return Detections(corners, np.full(count, score, np.float32))


def frame_of_noise(stamp_ns=0):
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    return Frame(image, stamp_ns, Camera.from_fov(640, 480, 1.0))


def test_sure_boxes_without_a_body_are_counted():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    pipeline.recovery = Nobody(pipeline.recovery)
    start = pipeline.tracker.start_score
    given = Detections(boxes(3).boxes_px, np.array([start, start - 0.1, 0.9], np.float32))
    assert pipeline.process(frame_of_noise(), given).boxes_without_body == 2
    assert pipeline.process(frame_of_noise(1), Detections.empty()).boxes_without_body == 0


def test_a_sure_box_without_a_body_is_somebody_all_the_same():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    pipeline.recovery = Nobody(pipeline.recovery)
    given = Detections(
        np.array([(50, 100, 90, 220), (300, 200, 420, 240), (500, 100, 540, 200)], np.float32),
        np.array([0.9, 0.9, 0.2], np.float32),
    )
    for k in range(3):
        people = pipeline.process(frame_of_noise(k * 100_000_000), given).people
    assert people.states.tolist() == [TrackState.CONFIRMED] * 2  # the unsure one is nobody
    assert (people.bodies.joint_confidence == 0).all()
    depth_sigma = np.sqrt(people.position_covariance_cam[:, 2, 2]) / people.bodies.pelvis_cam[:, 2]
    assert depth_sigma[1] > 2 * depth_sigma[0]  # who may lie, and who stands


@pytest.mark.parametrize("tracker", ["default", "phalp-costs"])
def test_a_tracker_says_from_which_score_tracks_start(tracker):
    config = PipelineConfig(tracking=tracker, tracker=TrackerConfig(start_score=0.7))
    pipeline = create_pipeline(config)
    assert pipeline.tracker.start_score == 0.7
    assert pipeline.recovery.sure_score == 0.7


def test_of_a_flood_of_boxes_the_surest_are_kept_in_their_order():
    pipeline = create_pipeline(PipelineConfig(threads=2, max_people=5))
    pipeline.recovery = recovery = Nobody(pipeline.recovery)
    flood = boxes(1000)
    flood.scores[:] = np.random.default_rng(1).uniform(0, 1, 1000)
    result = pipeline.process(frame_of_noise(), flood)
    surest = np.sort(np.argsort(-flood.scores)[:5])
    np.testing.assert_array_equal(recovery.asked.boxes_px, flood.boxes_px[surest])
    np.testing.assert_array_equal(result.detections.scores, flood.scores[surest])
    assert result.boxes_left_out == 995


def test_a_flood_from_the_detector_itself_is_cut_too():
    pipeline = create_pipeline(PipelineConfig(threads=2, max_people=7))
    pipeline.detector.detect = lambda image: boxes(30)
    pipeline.recovery = Nobody(pipeline.recovery)
    result = pipeline.process(frame_of_noise())
    assert (len(result.detections), result.boxes_left_out) == (7, 23)


def test_what_is_live_holds_from_the_next_frame_on():
    pipeline = create_pipeline(PipelineConfig(threads=2))
    changes = {"max_people": 3, "restart_seconds": 5.0, "ground_tilt_sigma": 0.1,
               "tracker.occluded_seconds": 1.5}  # fmt: skip
    pipeline.reconfigure(pipeline.config.replaced(changes))
    assert pipeline.process(frame_of_noise(), boxes(9)).boxes_left_out == 6
    assert pipeline.stamps.restart_seconds == 5.0
    assert pipeline.positioning.config.ground_tilt_sigma == 0.1
    assert pipeline.tracker.config.occluded_seconds == 1.5
    assert pipeline.tracker.start_score == pipeline.detector.start_score  # still the detector's


@pytest.mark.parametrize(("name", "value"), [("recovery", "landmarks"), ("threads", 1)])
def test_what_is_not_live_cannot_change_and_nothing_else_does(name, value):
    pipeline = create_pipeline(PipelineConfig(threads=2))
    before = pipeline.config
    with pytest.raises(Humans4dError, match=name):
        pipeline.reconfigure(before.replaced({name: value, "max_people": 3}))
    assert pipeline.config is before and pipeline.config.max_people == 100
