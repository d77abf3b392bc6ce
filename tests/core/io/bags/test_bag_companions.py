"""Images of a bag with the pose of their camera and their depth, whenever those were recorded."""

import numpy as np
import pytest
from bag_files import TYPES, header, image, info, transform, write_messages
from scipy.spatial.transform import Rotation

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.io import CompanionChoice, open_source

START = 1_700_000_000 * 10**9
MS = 10**6
#: The camera's optical frame looks along the base's x.
OPTICAL = Rotation.from_matrix([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])


def base_at(seconds):
    """(place, quaternion) of the base in odom: it drives and turns evenly."""
    return (0.5 * seconds, 0.1 * seconds, 0.0), Rotation.from_euler("z", 0.4 * seconds).as_quat()


def depth(stamp_ns, metres, size=(64, 48)):
    data = np.full(size[::-1], metres, np.float32).view(np.uint8).ravel()
    return TYPES["sensor_msgs/msg/Image"](
        header(stamp_ns), size[1], size[0], "32FC1", 0, 4 * size[0], data
    )


def recording(
    path, tf_late=0.0, static_at_the_end=False, images=10, depth_size=(64, 48), tf_from=-0.1
):
    """Images at 10/s, odom -> base at 50/s, base -> cam, depth a millisecond after the image."""
    messages = []
    for k in range(images):
        stamp = START + k * 100 * MS
        messages.append(("/camera/image_raw", stamp, image(stamp)))
        messages.append(("/camera/camera_info", stamp, info(stamp)))
        messages.append(("/depth", stamp + 40 * MS, depth(stamp + MS, 1.0 + k, depth_size)))
    for k in range(round(50 * tf_from), 5 * images + 10):
        stamp = START + k * 20 * MS
        place, turn = base_at(k * 0.02)
        message = transform(stamp, "odom", "base", place, turn)
        messages.append(("/tf", stamp + round(tf_late * 1e9), message))
    fixed = transform(START, "base", "cam", (0.2, 0.0, 1.1), OPTICAL.as_quat())
    static_ns = START + (images * 100 * MS if static_at_the_end else -(10**9))
    messages.append(("/tf_static", static_ns, fixed))
    return write_messages(path, sorted(messages, key=lambda row: row[1]))


def frames(path, **wanted):
    choice = CompanionChoice(**wanted)
    with open_source(path, companions=choice, topic="/camera/image_raw") as source:
        return list(source), source


@pytest.mark.parametrize("tf_late", [0.0, 0.3])
@pytest.mark.parametrize("static_at_the_end", [False, True])
def test_the_camera_is_where_it_was_at_the_stamp(tmp_path, tf_late, static_at_the_end):
    path = recording(tmp_path / "bag", tf_late, static_at_the_end)
    found, source = frames(path, fixed_frame="odom")
    assert len(found) == 10 and not source.skipped and not source.notes
    for frame in found:
        seconds = (frame.stamp_ns - START) * 1e-9
        place, turn = base_at(seconds)
        base = Rotation.from_quat(turn)
        pose = frame.fixed_from_camera
        np.testing.assert_allclose(pose.rotation, (base * OPTICAL).as_matrix(), atol=1e-9)
        np.testing.assert_allclose(pose.translation, place + base.apply((0.2, 0, 1.1)), atol=1e-9)
        assert frame.ground_from_camera is None and frame.depth_m is None


def test_images_of_which_no_pose_is_known_are_left_out_and_said(tmp_path):
    found, source = frames(recording(tmp_path / "bag", tf_from=0.45), fixed_frame="odom")
    assert [frame.number for frame in found] == [6, 7, 8, 9, 10]
    assert source.skipped == 5
    (note,) = source.notes
    assert "no pose" in note and "oldest transform from 'base' to 'odom'" in note


def test_a_transform_that_comes_much_too_late_is_not_waited_for(tmp_path):
    path = recording(tmp_path / "bag", tf_late=3.0, images=60)
    with pytest.raises(Humans4dError, match="no image on /camera/image_raw can be used"):
        frames(path, fixed_frame="odom")


def test_a_frame_that_nobody_knows_is_named(tmp_path):
    path = recording(tmp_path / "bag")
    with pytest.raises(Humans4dError, match="nobody publishes a transform of 'map'"):
        frames(path, fixed_frame="map")


def test_depth_of_the_images_moment_comes_with_it(tmp_path):
    found, _ = frames(recording(tmp_path / "bag"), depth_topic="/depth", ground_frame="odom")
    assert len(found) == 10
    for k, frame in enumerate(found):
        assert frame.depth_m.shape == (48, 64)
        np.testing.assert_array_equal(frame.depth_m, 1.0 + k)
        assert frame.ground_from_camera is not None and frame.fixed_from_camera is None


def test_depth_of_another_size_is_left_out_and_said(tmp_path):
    path = recording(tmp_path / "bag", depth_size=(32, 24))
    found, source = frames(path, depth_topic="/depth")
    assert len(found) == 10
    assert all(frame.depth_m is None for frame in found)
    assert [note for note in source.notes if "aligned" in note] == source.notes


def test_what_the_bag_lacks_is_said(tmp_path):
    messages = [("/camera/image_raw", START, image(START)),
                ("/camera/camera_info", START, info(START))]  # fmt: skip
    path = write_messages(tmp_path / "bare", messages)
    with pytest.raises(InputFileError, match="has no TF"):
        frames(path, fixed_frame="odom")
    with pytest.raises(InputFileError, match="no depth on /depth: its image topics are /camera"):
        frames(path, depth_topic="/depth")


def test_a_video_has_no_frames_of_tf(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(InputFileError, match="--fixed-frame"):
        open_source(tmp_path / "images", companions=CompanionChoice("odom"))
