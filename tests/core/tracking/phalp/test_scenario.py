"""The whole tracker on the released tracker's own scenario: better where that has defects.

150 frames of 6 people: crossings, an occlusion of 12 frames, an absence of 65, false detections,
and a cut at frame 100 after which everybody is elsewhere.
"""

import numpy as np
import pytest

from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.tracking.phalp.pose_predictor_checkpoint import load_pose_predictor
from humans4d_core.types import Bodies, Camera, Frame, TrackState

#: The original's camera: 5000/256 of the longer side.
CAMERA = Camera(25_000.0, 25_000.0, 640.0, 360.0, 1280, 720)
FRAMES = 150
#: The fourth is away for longer than a track lives; what is called person 4 are false detections.
ALWAYS_NEAR, AWAY = (0, 1, 2, 5), 3


@pytest.fixture(scope="module")
def people_seen(parity_folder):
    """Bodies, and who they are, of every frame."""
    with np.load(parity_folder / "phalp_scenario_input.npz") as arrays:
        recorded = dict(arrays)
    tokens, released = recorded["pose229"], recorded["loca99"]
    n = len(tokens)
    cam = released[:, 90:93]
    x, y = released[:, 88] * 1280, released[:, 89] * 1280 - 280
    boxes = np.concatenate((recorded["bbox_xywh"][:, :2],) * 2, axis=1)
    boxes[:, 2:] += recorded["bbox_xywh"][:, 2:]
    arrays = (
        boxes, recorded["conf"], tokens[:, :9].reshape(n, 3, 3),
        tokens[:, 9:216].reshape(n, 23, 3, 3), tokens[:, 216:226], cam, cam[:, None],
        np.repeat(cam[:, None], 24, 1), np.repeat(np.stack((x, y), -1)[:, None], 24, 1),
        np.ones((n, 24)), np.tile(np.eye(3), (n, 1, 1)),
    )  # fmt: skip
    bodies = Bodies(*(np.array(a, np.float32) for a in arrays), "recorded", "smpl")
    rows = [np.flatnonzero(recorded["frame"] == time) for time in range(FRAMES)]
    return [(bodies.select(r), recorded["gt_pid"][r]) for r in rows]


def followed(tracker, people_seen):
    """Ids each person was believed under, in order: {person: [id, ...]}."""
    shots = [np.full((720, 1280, 3), shade, np.uint8) for shade in (0, 255)]
    ids = {person: [] for person in range(6)}
    for time, (bodies, persons) in enumerate(people_seen):
        people = tracker.update(Frame(shots[time >= 100], time * 40_000_000, CAMERA), bodies)
        sure = people.states == TrackState.CONFIRMED
        same = (people.bodies.boxes_px[sure][:, None] == bodies.boxes_px).all(-1)
        for i, j in zip(*np.nonzero(same), strict=True):
            history, track_id = ids[int(persons[j])], int(people.track_ids[sure][i])
            if history[-1:] != [track_id]:
                history.append(track_id)
    return ids


@pytest.mark.parametrize("equation", ["EQ_019", "EQ_010"])
def test_only_the_person_who_was_away_too_long_gets_another_id(people_seen, equation):
    """Without appearance. The released EQ_019 loses two more people at the cut."""
    ids = followed(PhalpTracker(PhalpConfig(equation=equation)), people_seen)
    assert [len(ids[person]) for person in ALWAYS_NEAR] == [1] * 4
    assert len(ids[AWAY]) == 2


def test_within_a_shot_places_hold_people_though_a_predictor_knows_nothing(
    people_seen, parity_folder
):
    predictor = load_pose_predictor(
        parity_folder / "phalp_pose_tiny.ckpt", parity_folder / "synthetic_smpl" / "mean_std.npy"
    )
    ids = followed(PhalpTracker(pose_predictor=predictor), people_seen[:50])
    assert [len(ids[person]) for person in (0, 1, 2)] == [1] * 3
