"""A person's motion out of a recording."""

import json

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.viewer.motion_export import motions_of
from humans4d_core.viewer.recording import open_recording
from humans4d_core.viewer.view_frame import level_pose

from .conftest import RATE, UP


def vertices(motion):
    """(T, V, 3) of the motion, by what its docstring says."""
    turns = motion.rotations
    betas = np.tile(motion.betas, (len(turns), 1))
    posed = motion.body(turns[:, 0], turns[:, 1:], betas).vertices
    return motion.scale * posed + motion.translation[:, None]


def test_the_body_is_the_recorded_one_turned_upright_with_its_feet_on_the_floor(
    record, moving_people
):
    (motion,) = motions_of(record(), 101)
    assert motion.frame_rate == pytest.approx(RATE) and len(motion.rotations) == 60
    found, world = vertices(motion), level_pose(UP).rotation
    down = []
    for frame in (0, 17, 59):
        expected = moving_people(frame / RATE).bodies.vertices_cam[0] @ world.T
        shift = found[frame] - expected
        assert np.ptp(shift, axis=0).max() < 5e-3  # people.jsonl has 4 decimals
        assert np.abs(shift[:, :2]).max() < 5e-3
        down.append(shift[:, 2].mean())
    assert np.ptp(down) < 5e-3
    assert np.median(found[..., 2].min(1)) == pytest.approx(0, abs=1e-3)


def test_a_size_that_is_told_otherwise_in_each_image_moves_nobody(record):
    recording = record()
    (steady,) = motions_of(recording, 101)
    lines = [json.loads(line) for line in recording.path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["people"][0]["scale"] *= (0.9, 1.1)[number % 2]
    recording.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (uneven,) = motions_of(open_recording(recording.path)[0], 101)
    moved = np.diff(uneven.pelvis, axis=0) - np.diff(steady.pelvis, axis=0)
    assert np.abs(moved).max() < 1e-6


def test_a_short_gap_is_filled_along_the_way(record):
    (whole,) = motions_of(record(), 101)
    (filled,) = motions_of(record(lambda frame: 20 <= frame < 26), 101)
    assert filled.rotations.shape == whole.rotations.shape
    np.testing.assert_allclose(filled.pelvis, whole.pelvis, atol=0.05)
    # Between the sights it turns evenly: the pose is that of neither end.
    middle = filled.rotations[22, 5]
    assert np.abs(middle - filled.rotations[19, 5]).max() > 1e-3
    assert np.abs(middle - filled.rotations[26, 5]).max() > 1e-3


def test_a_long_gap_cuts_and_a_single_sight_is_no_motion(record):
    recording = record(lambda frame: 10 <= frame < 40 or frame == 41)
    motions = motions_of(recording, 101, longest_gap=0.5)
    assert [round(m.first_second, 2) for m in motions] == [0.0, 2.0]
    assert [len(m.rotations) for m in motions] == [10, 20]
    assert motions_of(record(lambda frame: frame % 3 > 0), 101, longest_gap=0.01) == []


def test_another_frame_rate_is_the_same_motion(record):
    recording = record()
    (own,), (fine,) = motions_of(recording, 101), motions_of(recording, 101, frame_rate=60.0)
    assert len(fine.rotations) == 178 and fine.frame_rate == 60
    np.testing.assert_allclose(fine.rotations[::3], own.rotations, atol=1e-6)


@pytest.mark.parametrize(
    ("person", "hidden", "reason"),
    [(7, lambda frame: False, "person 7 was never seen; people of the recording: 101"),
     (101, lambda frame: frame > 0, "person 101 was seen once")],
)  # fmt: skip
def test_who_did_not_move_is_one_sentence(record, person, hidden, reason):
    with pytest.raises(Humans4dError, match=reason):
        motions_of(record(hidden), person)


def test_a_recording_without_a_body_asks_for_one(record):
    recording = record()
    recording.body = None
    with pytest.raises(Humans4dError, match="--body"):
        motions_of(recording, 101)
