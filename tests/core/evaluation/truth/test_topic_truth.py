"""Motion capture in the bag itself: topics and TF, in frames that move and frames that stand."""

import numpy as np
import pytest
from bag_files import TYPES, header, pose, transform, write_messages
from made_scenes import make_images

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.truth import TruthOptions, read_truth

IMAGES = make_images(10, poses=np.tile(np.eye(3, 4), (10, 1, 1)))
START, MS = int(IMAGES.stamp_ns[0]), 10**6


def stamped(stamp_ns, place, frame="map"):
    return TYPES["geometry_msgs/msg/PoseStamped"](header(stamp_ns, frame), pose(*place))


def times(count=60, step=20 * MS):
    return [START - 100 * MS + k * step for k in range(count)]


def read(path, topic, **options):
    return read_truth(f"{path}#{topic}", IMAGES, TruthOptions(**options))


def test_a_pose_in_the_fixed_frame_is_taken_at_the_images(tmp_path):
    rows = [("/person", t, stamped(t, ((t - START) * 1e-9, 0.5, 4.0))) for t in times()]
    truth = read(write_messages(tmp_path / "bag", rows), "/person", fixed_frame="map")
    assert truth.frames.tolist() == list(range(1, 11))
    np.testing.assert_allclose(truth.rows.place_cam[:, 0], np.arange(10) * 0.1, atol=1e-9)


def test_everybody_of_an_array_is_a_person(tmp_path):
    array = TYPES["geometry_msgs/msg/PoseArray"]
    rows = [("/all", t, array(header(t, "map"), [pose(0, 0, 4), pose(1, 0, 5)])) for t in times()]
    truth = read(write_messages(tmp_path / "bag", rows), "/all", fixed_frame="map")
    assert sorted(set(truth.rows.person.tolist())) == [1, 2]
    assert len(truth.rows) == 20


def test_a_pose_in_a_frame_that_drives_is_moved_by_tf(tmp_path):
    rows = []
    for t in times():
        seconds = (t - START) * 1e-9
        rows.append(("/tf", t + 30 * MS, transform(t, "map", "robot", (2 * seconds, 0, 0))))
        # He stands in map; the robot sees him come nearer.
        rows.append(("/person", t, stamped(t, (3.0 - 2 * seconds, 0.0, 0.0), "robot")))
    rows.sort(key=lambda row: row[1])
    truth = read(write_messages(tmp_path / "bag", rows), "/person", fixed_frame="map")
    np.testing.assert_allclose(truth.rows.place_cam, np.tile((3.0, 0, 0), (10, 1)), atol=1e-9)


def test_a_transform_that_cannot_be_costs_none_of_the_others_in_its_message(tmp_path):
    rows = []
    for t in times():
        message = transform(t, "map", "helmet", ((t - START) * 1e-9, 1.0, 4.0))
        message.transforms.insert(0, transform(t, "map", "x", (np.nan, 0, 0)).transforms[0])
        rows.append(("/tf", t, message))
    truth = read(write_messages(tmp_path / "bag", rows), "tf:helmet", fixed_frame="map")
    assert truth.frames.tolist() == list(range(1, 11))


def test_a_person_on_tf_is_a_truth(tmp_path):
    rows = [("/tf", t, transform(t, "map", "helmet", ((t - START) * 1e-9, 1.0, 4.0)))
            for t in times()]  # fmt: skip
    truth = read(write_messages(tmp_path / "bag", rows), "tf:helmet", fixed_frame="map")
    np.testing.assert_allclose(truth.rows.place_cam[:, 0], np.arange(10) * 0.1, atol=1e-9)


def test_what_cannot_be_used_is_said(tmp_path):
    rows = [("/person", t, stamped(t, (0, 0, 4), "lab")) for t in times()]
    path = write_messages(tmp_path / "bag", rows)
    with pytest.raises(InputFileError, match="topics that may be meant are /person"):
        read(path, "/persons", fixed_frame="map")
    with pytest.raises(InputFileError, match="no place on /person can be used"):
        read(path, "/person", fixed_frame="map")
    with pytest.raises(InputFileError, match="--truth-frame"):
        read(path, "/person")
    with pytest.raises(InputFileError, match="BAG#/topic"):
        read_truth(path, IMAGES, TruthOptions())
    assert len(read(path, "/person", frame="camera").rows) == 10
